# SPDX-License-Identifier: MIT
"""Reasons why onnxruntime does not load or run a model, from its messages and the model itself."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from fairreg.errors import ModelError

__all__ = ["RELEASES", "Release", "engine_version", "failures", "load_fault", "reason"]


class Release(NamedTuple):
    """A release of onnxruntime: the newest operator sets and the newest file format (IR) that it reads."""

    version: str
    opset: int
    ml_opset: int
    ir: int


# Read from the releases themselves: each states its limits when it refuses a graph of opset 99 or IR 99.
# A release that is missing here has the limits of the one before.
RELEASES = (
    Release("1.20", 21, 5, 10),
    Release("1.21", 22, 5, 10),
    Release("1.23", 23, 5, 11),
    Release("1.24", 25, 5, 13),
    Release("1.25", 26, 5, 13),
    Release("1.32", 28, 5, 14),
)
_NEWEST_IR = re.compile(r"Unsupported model IR version: \d+, max supported IR version: (\d+)")
_NEWEST_OPSET = re.compile(r"Opset (\d+) is under development.* for domain (\S+) is till opset (\d+)")
_UNKNOWN_OPERATOR = re.compile(r"Fatal error: ([\w.]*):(\w+)\(-?\d+\) is not a registered function/op")
_NO_OPERATOR = re.compile(r'In Node, \("[^"]*", (\w+), "([^"]*)".* Error No Op registered for \1 with')
_NO_OPSET = re.compile(r"No opset import for domain '([^']*)'")
_NO_KERNEL = re.compile(r"Could not find an implementation for (\w+)\((\d+)\) node")
# A message may hold that of another one, each with its place.
_STATUS = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
_SHORT_PLACE = re.compile(r"(?<![\w/.])\w+\.(?:cc|cpp|cuh?|h|hpp):\d+ \w+ ")
# A part is never read in another way than at first: the text comes from models.
_SIGNATURE = r"(?:[^()]*+\([^()]*+\)[^\s()]*+)+?(?: const)?(?: \[with [^\]]*\])? "
_PLACE = re.compile(rf"(?:^[\w ]+: )?/\S+:\d+ {_SIGNATURE}(?:.*? was false\. (?=\S))?")
_LONGEST = 2000  # characters of a message
_OLDEST = 7  # version of the operator set from which on onnxruntime implements all
_ONNX = "ai.onnx"  # the domain that a model may also spell as an empty text
# Domains whose operators are ONNX's or onnxruntime's own; those of others come in a library of their own.
_OWN = frozenset(
    {_ONNX, "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft"}
)


def failures() -> tuple[type[Exception], ...]:
    """Exceptions of onnxruntime, which have no public base class except Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [item for item in vars(state).values() if isinstance(item, type) and issubclass(item, Exception)]
    return (*own, RuntimeError, ValueError, TypeError, MemoryError)


def reason(error: Exception) -> str:
    """Return the first line of the engine's message, without status and place in its source."""
    line = (str(error).strip().partition("\n")[0] or type(error).__name__)[:_LONGEST]
    return _PLACE.sub("", _SHORT_PLACE.sub("", _STATUS.sub("", line)))


def load_fault(error: Exception, name: str, model: Any) -> ModelError:
    """Return the ModelError for a model that onnxruntime does not load; `name` is the file's."""
    text = str(error)
    return next(
        _explained(text, name, model),
        ModelError(f"{name} cannot be loaded by onnxruntime: {reason(error)}"),
    )


def _explained(text: str, name: str, model: Any) -> Iterator[ModelError]:
    if found := _NEWEST_IR.search(text):
        yield _too_new(f"{name} is in IR version {model.ir_version} of ONNX", f"IR version {found[1]}", model)
    if found := _NEWEST_OPSET.search(text):
        wanted, domain, newest = found.groups()
        fact = f"{name} uses version {wanted} of the operator set {domain}"
        yield _too_new(fact, f"version {newest}", model)
    if found := _UNKNOWN_OPERATOR.search(text):
        yield _unknown_operator(name, *found.groups())
    if found := _NO_OPERATOR.search(text):
        yield _no_operator(name, found[1], found[2], model)
    if found := _NO_OPSET.search(text):
        yield ModelError(
            f"{name} uses operators of the domain {found[1]!r}, but does not state the domain's version.",
            hint="Export the model again: every domain needs an entry in its opset_import.",
        )
    old, found = _versions(model).get(_ONNX, _OLDEST), _NO_KERNEL.search(text)
    if found and old < _OLDEST:
        yield ModelError(
            f"{name} is in version {old} of the operator set {_ONNX}: of those before version {_OLDEST}"
            f" onnxruntime implements only some operators, and not {found[1]}.",
            hint="Upgrade it: fairreg convert FILE --to onnx --output NEW.onnx",
        )
    if found:
        yield ModelError(
            f"{name} uses version {found[2]} of the operator {found[1]}, which onnxruntime {engine_version()}"
            " does not implement for the model's element types.",
            hint="Install a newer onnxruntime, or export the model with other element types.",
        )


def _too_new(fact: str, newest: str, model: Any) -> ModelError:
    known = _reading(model)
    hint = (
        f"It needs onnxruntime {known} or newer: pip install 'onnxruntime>={known}'."
        if known
        else f"No onnxruntime up to {RELEASES[-1].version} reads it: export the model with at most {newest}."
    )
    return ModelError(f"{fact}; onnxruntime {engine_version()} reads at most {newest}.", hint=hint)


def _reading(model: Any) -> str | None:
    """Return the first release newer than the installed one that reads the model, None if none is known."""
    versions = _versions(model)
    opset, ml_opset = versions.get(_ONNX, 0), versions.get("ai.onnx.ml", 0)
    installed = _numbers(engine_version())[:2]
    for item in RELEASES:
        enough = item.opset >= opset and item.ml_opset >= ml_opset and item.ir >= model.ir_version
        if enough and _numbers(item.version) > installed:
            return item.version
    return None


def _unknown_operator(name: str, domain: str, operator: str) -> ModelError:
    domain = domain or _ONNX
    fact = f"{name} uses the operator {operator} of the domain {domain}, which"
    if domain in _OWN:
        return ModelError(
            f"{fact} onnxruntime {engine_version()} does not have.",
            hint="Install a newer onnxruntime, or export the model without this operator.",
        )
    return ModelError(
        f"{fact} is not part of ONNX or onnxruntime {engine_version()}.",
        hint="It comes in a library that fairreg does not load: export the model with operators of ONNX.",
    )


def _no_operator(name: str, operator: str, domain: str, model: Any) -> ModelError:
    domain = domain or _ONNX
    version = _versions(model).get(domain)
    return ModelError(
        f"{name} uses the operator {operator}, which onnxruntime {engine_version()} does not know in version"
        f" {version} of the operator set {domain}.",
        hint="Export the model with an operator set that has it.",
    )


def _versions(model: Any) -> dict[str, int]:
    return {item.domain or _ONNX: item.version for item in model.opset_import}


def engine_version() -> str:
    """Version of the installed onnxruntime."""
    import onnxruntime

    return str(onnxruntime.__version__)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
