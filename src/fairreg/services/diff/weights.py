# SPDX-License-Identifier: MIT
"""Weights of two models compared: the same numbers, retrained, or another architecture.

The architecture of a file is the shapes of its tensors, those that its fingerprint is of
(docs/fingerprints.md); names and element types do not enter, so that one model in two formats has one. Of
ONNX graphs the operators count, too: two with the same shapes and other operators are two architectures.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fairreg import models
from fairreg.errors import FairregError
from fairreg.runners.weights import content_digest, format_of, model_in, onnx, view_tensors
from fairreg.services.fetch.fingerprints import fingerprint_of
from fairreg.storage.files import digest
from fairreg.storage.recognition import describe

__all__ = ["WeightsDifference", "WeightsState", "WeightsStatus", "compare_weights", "weights_of"]

WeightsStatus = Literal[
    "same",
    "same numbers",
    "rounded",
    "other types",
    "retrained",
    "other architecture",
    "not readable",
    "only in first",
    "only in second",
]


class WeightsState(NamedTuple):
    """Weights in a file: `sha256` of its bytes with those of its side files, digests of the architecture.

    `fingerprint` is None where the tensors cannot be read; `fault` says why. `path` is the file, None where
    it is not here.
    """

    name: str
    format: str
    sha256: str
    fingerprint: str | None = None
    shapes: str | None = None
    operators: str | None = None
    tensors: int | None = None
    parameters: int | None = None
    network: str | None = None
    fault: str | None = None
    path: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form, without the path."""
        document = self._asdict()
        del document["path"]
        return document


class WeightsDifference(NamedTuple):
    """The relation of the weights in two files; `numbers` is a clause on it where values were compared."""

    status: WeightsStatus
    first: WeightsState | None
    second: WeightsState | None
    numbers: str | None = None

    @property
    def reason(self) -> str | None:
        """The reason why they cannot be compared, None where they were."""
        if self.status != "not readable":
            return None
        faults = (item.fault for item in (self.first, self.second) if item is not None)
        return next(filter(None, faults), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "status": self.status,
            "first": self.first.to_json() if self.first else None,
            "second": self.second.to_json() if self.second else None,
            "numbers": self.numbers,
            "reason": self.reason,
        }


def weights_of(path: Path, name: str) -> WeightsState:
    """Describe the weights in a file, which is called `name` in its record."""
    state = WeightsState(name, describe(path).format, _digest(path), path=path)
    try:
        file_format, found = format_of(path), model_in(path)
        shapes = _shapes(path)
        operators = _operators(path) if file_format == "onnx" else None
    except FairregError as error:
        return state._replace(fault=error.message)
    return state._replace(
        fingerprint=fingerprint_of(path) or found.fingerprint,
        shapes=shapes,
        operators=operators,
        tensors=found.tensors,
        parameters=found.numbers,
        network=_network(path),
    )


def compare_weights(
    first: Iterable[WeightsState], second: Iterable[WeightsState]
) -> tuple[WeightsDifference, ...]:
    """Compare the weights of two models.

    Files with the same numbers belong together, whatever their names; then those of one name; then, if each
    model has one more, these two.
    """
    left, right = list(first), list(second)
    pairs = [*_taken(left, right, _same), *_taken(left, right, _named_alike)]
    if len(left) == len(right) == 1:
        pairs.append((left.pop(), right.pop()))
    found = [_compared(*pair) for pair in pairs]
    found += [WeightsDifference("only in first", item, None) for item in left]
    found += [WeightsDifference("only in second", None, item) for item in right]
    return tuple(sorted(found, key=_place))


def _place(item: WeightsDifference) -> tuple[str, str]:
    names = [side.name for side in (item.first, item.second) if side is not None]
    return names[0], names[-1]


def _taken(
    left: list[WeightsState], right: list[WeightsState], *rules: Any
) -> Iterator[tuple[WeightsState, WeightsState]]:
    """Take the pairs that a rule joins out of both lists."""
    for item in tuple(left):
        twin = next((other for other in right if any(rule(item, other) for rule in rules)), None)
        if twin is not None:
            left.remove(item)
            right.remove(twin)
            yield item, twin


def _same(first: WeightsState, second: WeightsState) -> bool:
    if first.sha256 == second.sha256:
        return True
    # A graph with the same numbers may compute something else with them.
    known = first.fingerprint is not None and first.fingerprint == second.fingerprint
    return known and _same_operators(first, second)


def _same_operators(first: WeightsState, second: WeightsState) -> bool:
    return None in (first.operators, second.operators) or first.operators == second.operators


def _named_alike(first: WeightsState, second: WeightsState) -> bool:
    return first.name.rpartition("/")[2] == second.name.rpartition("/")[2]


def _compared(first: WeightsState, second: WeightsState) -> WeightsDifference:
    """The relation of two files, by values where only these tell whether the model was trained again."""
    status = _relation(first, second)
    if status != "retrained" or first.path is None or second.path is None:
        return WeightsDifference(status, first, second)
    from fairreg.services.diff.numbers import compare_numbers  # needs numpy

    found = compare_numbers(first.path, second.path)
    return WeightsDifference(found.status, first, second, found.clause)


def _relation(first: WeightsState, second: WeightsState) -> WeightsStatus:
    if _same(first, second):
        return "same"
    if first.fingerprint is None or second.fingerprint is None:
        return "not readable"
    alike = first.shapes == second.shapes and _same_operators(first, second)
    return "retrained" if alike else "other architecture"


def _digest(path: Path) -> str:
    try:
        return content_digest(path)
    except FairregError:
        return digest(path)  # a side file is missing: the fault says so


def _shapes(path: Path) -> str:
    lines = sorted(",".join(map(str, array.shape)) for array in view_tensors(path).values())
    return _sha256(lines)


def _operators(path: Path) -> str:
    counts = Counter(
        f"{node.domain}:{node.op_type}" for node in onnx.parse(path.read_bytes(), path.name).graph.node
    )
    return _sha256([f"{name} {count}" for name, count in sorted(counts.items())])


def _sha256(lines: Sequence[str]) -> str:
    text = "".join(f"{line}\n" for line in lines)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _network(path: Path) -> str | None:
    try:
        found = models.recognise(path)
    except FairregError:
        return None  # another package's opinion of a file that was read
    return found.title if found is not None else None
