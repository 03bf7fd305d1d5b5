# SPDX-License-Identifier: MIT
"""Settings of a training: the network's sizes, its features, the optimiser and the seed."""

from collections.abc import Sequence
from dataclasses import dataclass

from fairreg.errors import UsageError
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import FeatureSelection
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.training.schedule import SCHEDULES

__all__ = ["Setup"]


@dataclass(frozen=True)
class Setup:
    """One training; the defaults are those of the paper (Duarte et al. 2023, 10.1088/2632-2153/ad12e3).

    Adam, cross-entropy, early stopping after `patience` epochs without an improved validation loss.
    `standardise` (see `normalisation`) is not described in the paper. Raises UsageError.
    """

    hidden: int = 60
    d_e: int = 20
    d_o: int = 24
    dropped: tuple[str, ...] = ()
    epochs: int = 200
    patience: int = 8
    batch_size: int = 128
    learning_rate: float = 1e-4
    schedule: str = "constant"
    standardise: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hidden", "d_e", "d_o", "epochs", "patience", "batch_size", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be greater than zero.")
        if self.schedule not in SCHEDULES:
            raise UsageError(f"There is no schedule {self.schedule!r}.", hint=f"Use {_or(SCHEDULES)}.")
        if not (self.selection.tracks and self.selection.vertices):
            raise UsageError("A network needs at least one track and one vertex feature.")

    @property
    def selection(self) -> FeatureSelection:
        """The features that are not dropped; UsageError for an unknown name."""
        names = {item.name for item in (*TRACK_FEATURES, *VERTEX_FEATURES)}
        if unknown := sorted(set(self.dropped) - names):
            raise UsageError(
                f"There is no feature {unknown[0]!r}.",
                hint=f"Features are, for example, {_or(sorted(names)[:3])}.",
            )
        tracks, vertices = (
            tuple(index for index, item in enumerate(features) if item.name not in self.dropped)
            for features in (TRACK_FEATURES, VERTEX_FEATURES)
        )
        return FeatureSelection(tracks, vertices)

    @property
    def sizes(self) -> Hyperparameters:
        """Sizes of the network."""
        selection = self.selection
        return Hyperparameters(
            len(selection.tracks), len(selection.vertices), self.hidden, self.d_e, self.d_o
        )


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
