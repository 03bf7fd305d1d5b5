# SPDX-License-Identifier: MIT
"""Plan and results of a benchmark."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

__all__ = ["Agreement", "BenchmarkPlan", "Row", "Series"]


@dataclass(frozen=True)
class BenchmarkPlan:
    """Batch sizes, each timed in a number of runs of at least `seconds`.

    The first `compared` jets are also predicted by the definition in float64.
    """

    batch_sizes: tuple[int, ...] = (1, 8, 32, 128, 512)
    repetitions: int = 10
    seconds: float = 0.2
    compared: int = 500


@dataclass(frozen=True)
class Agreement:
    """Agreement of probabilities with those of the definition in float64, on `jets` jets.

    `fidelity` is Eq. 1 of the paper, 1 - mean |p_1 - p_2| of the H->bb class; `roc_auc_difference` is None
    where the jets lack a class.
    """

    jets: int
    max_difference: float
    fidelity: float
    roc_auc_difference: float | None


@dataclass
class Series:
    """The runs at one batch size: jets per second in each, in order; GPU utilisation in percent.

    `max_difference` is that of the first batch to the definition, None where its jets were not compared.
    """

    batch_size: int
    jets_per_second: list[float] = field(default_factory=list)
    gpu_utilisation: float | None = None
    max_difference: float | None = None

    @property
    def seconds_per_batch(self) -> float:
        """Median over the runs."""
        return self.batch_size / median(self.jets_per_second)


@dataclass
class Row:
    """Results of one candidate. `message` gives the reason where it does not load or run, `failures` that by
    batch size where it does not run only then."""

    name: str
    title: str
    loads: bool = False
    runs: bool = False
    agrees: bool | None = None
    message: str = ""
    device: str = ""
    precision: str = ""
    jets: int = 0
    accuracy: float | None = None
    roc_auc: float | None = None
    agreement: Agreement | None = None
    series: list[Series] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """One of ``cannot load``, ``does not run``, ``runs``, ``agrees`` or ``differs``."""
        if not self.runs:
            return "does not run" if self.loads else "cannot load"
        return "runs" if self.agrees is None else "agrees" if self.agrees else "differs"

    def at(self, batch_size: int) -> Series | None:
        """The runs at that batch size; None where there are none."""
        return next((item for item in self.series if item.batch_size == batch_size), None)

    def to_json(self) -> dict[str, Any]:
        """This candidate in the document of a benchmark."""
        series = [{**asdict(item), "seconds_per_batch": item.seconds_per_batch} for item in self.series]
        return {**asdict(self), "verdict": self.verdict, "series": series}
