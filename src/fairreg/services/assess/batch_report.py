# SPDX-License-Identifier: MIT
"""Report of an assessment of many entries, in bounded memory."""

import tempfile
import weakref
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ["BatchReport", "BatchRow", "Failure", "Spool"]

Row = TypeVar("Row")
_SHOWN = 10
# Rows of some thousand entries; more are written to disk.
_IN_MEMORY = 2**20


@dataclass(frozen=True)
class BatchRow:
    """One record's scores as in `AssessmentReport`; `failed` are the indicators that fail."""

    id: str
    name: str
    source: str
    rubric: str
    overall: float | None
    interval: tuple[float, float] | None
    coverage: float
    letters: dict[str, float | None]
    letter_coverage: dict[str, float]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A record that could not be assessed, and the reason."""

    id: str
    reason: str


class Spool(Generic[Row]):
    """Rows in order of arrival, on disk once they are many. Append first, then iterate."""

    def __init__(self, kind: type[Row]) -> None:
        self._kind, self._count = kind, 0
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  as long-lived as the spool
        weakref.finalize(self, self._file.close)

    def append(self, row: Row) -> None:
        """Add a row."""
        self._file.write(msgspec.json.encode(row) + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        self._file.seek(0)
        return (msgspec.json.decode(line, type=self._kind) for line in self._file)


class _Listed(list[Any]):
    """A list for the JSON encoder, which reads the items one by one from the spool."""

    def __init__(self, spool: Spool[Any]) -> None:
        super().__init__()
        self._spool = spool

    def __len__(self) -> int:
        return len(self._spool)

    def __iter__(self) -> Iterator[Any]:
        return map(msgspec.to_builtins, self._spool)


@dataclass
class Mean:
    """Mean over the records that have a value, of which there are `count`."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        """Count a value, if it is one."""
        if value is not None:
            self.total, self.count = self.total + value, self.count + 1

    @property
    def value(self) -> float | None:
        """The mean; None without a value."""
        return self.total / self.count if self.count else None


@dataclass
class Means:
    """Means over the rows of one source, or of one source by one rubric."""

    count: int = 0
    overall: Mean = field(default_factory=Mean)
    coverage: Mean = field(default_factory=Mean)
    letters: dict[str, Mean] = field(default_factory=lambda: defaultdict(Mean))

    def add(self, row: BatchRow) -> None:
        """Count a row."""
        self.count += 1
        self.overall.add(row.overall)
        self.coverage.add(row.coverage)
        for letter, score in row.letters.items():
            self.letters[letter].add(score)

    def to_json(self) -> dict[str, Any]:
        """The means as JSON."""
        letters = {letter: mean.value for letter, mean in self.letters.items()}
        means = {"overall": self.overall.value, "coverage": self.coverage.value, "letters": letters}
        return {"count": self.count, **means}


@dataclass
class BatchReport:
    """Result of a run. `skipped` entries were assessed before, `resumed` ones by an earlier part of this run.

    `assessed` counts the rows, `compared` those whose score covers enough of the rubric to be shown by
    search, `unchanged` those whose assessment is stored already. The rows themselves are kept if `with_rows`
    is set.
    """

    query: str
    offline: bool
    with_rows: bool = True
    chosen: int = 0
    skipped: int = 0
    assessed: int = 0
    compared: int = 0
    unchanged: int = 0
    resumed: bool = False
    rows: Spool[BatchRow] = field(default_factory=lambda: Spool(BatchRow))
    failures: Spool[Failure] = field(default_factory=lambda: Spool(Failure))
    seconds: float = 0.0
    _sums: dict[str, Means] = field(default_factory=lambda: defaultdict(Means))
    _by_rubric: dict[tuple[str, str], Means] = field(default_factory=lambda: defaultdict(Means))
    _failing: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lowest: list[tuple[float, str]] = field(default_factory=list)

    def add(self, row: BatchRow) -> None:
        """Count a row."""
        self.assessed += 1
        self.compared += row.overall is not None
        self._sums[row.source].add(row)
        self._by_rubric[row.source, row.rubric].add(row)
        self._failing.update((row.rubric, number) for number in row.failed)
        if row.overall is not None:
            self._lowest = sorted([*self._lowest, (row.overall, row.id)])[:_SHOWN]
        if self.with_rows:
            self.rows.append(row)

    def by_source(self) -> dict[str, dict[str, Any]]:
        """Number of assessed entries and means of coverage, overall score and letters per source."""
        return {name: sums.to_json() for name, sums in sorted(self._sums.items())}

    def by_rubric(self) -> dict[tuple[str, str], Means]:
        """Means per source and rubric: scores of models and of datasets do not compare."""
        return dict(sorted(self._by_rubric.items()))

    def commonest(self) -> list[tuple[str, str, int]]:
        """The indicators that fail most often: (rubric, indicator, number of failures)."""
        ranked = sorted(self._failing.items(), key=lambda item: (-item[1], item[0]))
        return [(rubric, number, count) for (rubric, number), count in ranked[:_SHOWN]]

    def lowest(self) -> tuple[tuple[str, float], ...]:
        """The records with the lowest overall scores, the lowest first: (identifier, score)."""
        return tuple((name, score) for score, name in self._lowest)

    def to_json(self) -> dict[str, Any]:
        """The document of ``fairreg assess --all --json``, whose rows are read while it is written."""
        failing = [dict(zip(("rubric", "id", "count"), item, strict=True)) for item in self.commonest()]
        plain = ("query", "offline", "chosen", "skipped", "resumed")
        return {
            **{name: getattr(self, name) for name in plain},
            "rows": _Listed(self.rows),
            "failures": _Listed(self.failures),
            "seconds": self.seconds,
            "assessed": self.assessed,
            "compared": self.compared,
            "unchanged": self.unchanged,
            "by_source": self.by_source(),
            "by_rubric": [
                {
                    "source": source,
                    "rubric": rubric,
                    "scored": means.overall.count,
                    "letters_scored": {letter: mean.count for letter, mean in means.letters.items()},
                    **means.to_json(),
                }
                for (source, rubric), means in self.by_rubric().items()
            ],
            "commonest_failures": failing,
        }
