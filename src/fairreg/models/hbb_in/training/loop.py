# SPDX-License-Identifier: MIT
"""The training of one network: epochs, validation, early stopping.

The same jets, split and setup give the same weights on the same machine with the same number of threads, also
after an interruption: all randomness comes from the seed and the number of the epoch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.evaluate import roc_auc
from fairreg.models.hbb_in.pytorch.network import layers
from fairreg.models.hbb_in.training import checkpoints
from fairreg.models.hbb_in.training.batches import TorchJets, batches
from fairreg.models.hbb_in.training.checkpoints import Checkpoint
from fairreg.models.hbb_in.training.packing import PackedJets
from fairreg.models.hbb_in.training.schedule import factor
from fairreg.models.hbb_in.training.setup import Setup
from fairreg.models.hbb_in.training.splits import Split

__all__ = ["Epoch", "Trained", "TrainingCallbacks", "Unfinished", "engine", "train"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Epoch:
    """Figures of one epoch, counted from 1; losses per jet, rates and areas as fractions, times in s."""

    epoch: int
    training_loss: float
    validation_loss: float
    accuracy: float
    roc_auc: float
    learning_rate: float
    seconds: float
    validation_seconds: float


@dataclass(frozen=True)
class Trained:
    """A finished training: best weights for the features it used, and the reason for its end."""

    tensors: Mapping[str, Array]
    scores: Array
    history: tuple[Epoch, ...]
    ended: str

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation loss, whose weights these are."""
        return min(self.history, key=lambda item: item.validation_loss)


@dataclass(frozen=True)
class TrainingCallbacks:
    """Callbacks of a training, with (jets done, total) and with all epochs so far, and its time limit:
    `until` is a time of `perf_counter`."""

    on_jets: Callable[[int, int], None] = lambda _done, _total: None
    on_epoch: Callable[[Sequence[Epoch]], None] = lambda _history: None
    until: float = float("inf")


class Unfinished(ModelError):
    """The time limit was reached before the first epoch was finished."""


class _TimeIsUp(Exception):
    """Control flow, not an error: leaves the running epoch."""


@contextmanager
def engine(threads: int) -> Iterator[None]:
    """Context manager: PyTorch with `threads` threads.

    The products are small, so threads wait for each other a thousand times per second: two are 1.7 times as
    fast as one on two idle cores, and many times slower where another process uses one of them. (PyTorch's
    lower matrix precisions do not help: the library behind them compiles for every new shape, and the shapes
    of groups change all the time.)
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train(
    setup: Setup,
    jets: PackedJets,
    split: Split,
    folder: Path,
    *,
    identity: Mapping[str, Any],
    watch: TrainingCallbacks,
    device: str = "cpu",
) -> Trained:
    """Train, or resume the training in `folder`, until early stopping, the last epoch or the time limit.

    `identity` describes the training; it may resume on another `device`. An unfinished epoch is discarded.
    Ctrl-C ends the training in the same orderly way: `ended` is "interrupted" then. Raises Unfinished if no
    epoch was finished, UsageError if `folder` contains another training, ModelError for too little memory.
    """
    import torch

    try:
        training = _Training(setup, jets, split, watch, device)
        training.resume(checkpoints.read(folder, identity))
        ended = _run(training, folder, identity)
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f"The memory of {device} is too small for a batch of {setup.batch_size} jets.",
            hint="Choose a smaller --batch-size; the epochs that are finished are kept.",
        ) from error
    if not training.history:
        raise Unfinished("Time limit reached before the first epoch was finished.", hint="Allow more time.")
    return training.result(ended)


def _run(training: "_Training", folder: Path, identity: Mapping[str, Any]) -> str:
    try:
        while not (reason := training.reason_to_end()):
            training.epoch()
            checkpoints.write(training.state(identity), folder)
    except _TimeIsUp:
        return "time limit"
    except KeyboardInterrupt:
        if not training.history:
            raise
        return "interrupted"
    return reason


class _Training:
    """A network, its optimiser and its history."""

    def __init__(
        self, setup: Setup, jets: PackedJets, split: Split, watch: TrainingCallbacks, device: str
    ) -> None:
        self.history: list[Epoch] = []
        self._setup, self._split, self._watch = setup, split, watch
        self._jets, self._classes = TorchJets(jets, device), jets.classes
        self._module = _initial(setup).to(device)
        self._optimizer = _adam(self._module)
        self._best: dict[str, Any] = {}
        self._steps = -(-len(split.training) // setup.batch_size)  # per epoch

    def resume(self, found: Checkpoint | None) -> None:
        """Restore the state of a checkpoint."""
        if found is None:
            return
        self._module.load_state_dict(found.weights)
        self._optimizer.load_state_dict(found.optimizer)
        self._best = dict(found.best)
        self.history = [Epoch(**item) for item in found.history]

    def state(self, identity: Mapping[str, Any]) -> Checkpoint:
        """The checkpoint that `resume` restores."""
        history = [asdict(item) for item in self.history]
        weights = self._module.state_dict()
        return Checkpoint(identity, history, weights, self._best, self._optimizer.state_dict())

    def reason_to_end(self) -> str:
        """The reason to end the training; empty while it continues."""
        losses = [item.validation_loss for item in self.history]
        if losses and len(losses) - 1 - int(np.argmin(losses)) >= self._setup.patience:
            return "no improvement"
        if len(losses) >= self._setup.epochs:
            return "all epochs"
        return "time limit" if perf_counter() > self._watch.until else ""

    def epoch(self) -> None:
        """Run one pass over the training jets, then the validation."""
        begin, number = perf_counter(), len(self.history)
        total = rate = 0.0
        parts = batches(self._split.training, self._setup.batch_size, self._setup.seed, number)
        for step, batch in enumerate(parts):
            rate = self._rate(number * self._steps + step)
            total += self._step(batch, rate)
            self._tell((number * len(self._split.training)) + step * self._setup.batch_size + len(batch))
        seconds = perf_counter() - begin
        record = self._validated(number + 1, total / len(self._split.training), rate)
        if all(record.validation_loss < item.validation_loss for item in self.history):
            self._best = {name: tensor.clone() for name, tensor in self._module.state_dict().items()}
        self.history.append(replace(record, seconds=seconds))
        self._watch.on_epoch(self.history)

    def _rate(self, step: int) -> float:
        return self._setup.learning_rate * factor(
            self._setup.schedule, step / (self._steps * self._setup.epochs)
        )

    def _tell(self, done: int) -> None:
        self._watch.on_jets(done, self._setup.epochs * len(self._split.training))
        if perf_counter() > self._watch.until:
            raise _TimeIsUp

    def _step(self, batch: Array, rate: float) -> float:
        """Take one optimiser step on the mean loss of the batch; return the sum of its losses."""
        self._optimizer.param_groups[0]["lr"] = rate
        self._optimizer.zero_grad()
        total = 0.0
        for group in self._jets.groups(batch):
            loss = self._jets.loss(self._module, batch[group])
            (loss / len(batch)).backward()
            total += loss.item()
        self._optimizer.step()
        return total

    def _validated(self, number: int, training_loss: float, rate: float) -> Epoch:
        begin = perf_counter()
        found = self._scores()
        positive = self._classes[self._split.validation] == 1
        return Epoch(
            epoch=number,
            training_loss=training_loss,
            validation_loss=float(np.logaddexp(0, np.where(positive, -found, found)).mean()),
            accuracy=float(((found > 0) == positive).mean()),
            roc_auc=roc_auc(positive, found),
            learning_rate=rate,
            seconds=0.0,
            validation_seconds=perf_counter() - begin,
        )

    def _scores(self) -> Array:
        """Logit of H->bb less that of QCD for each validation jet."""
        import torch

        indices = self._split.validation
        scores = np.empty(len(indices))
        with torch.no_grad():
            for group in self._jets.groups(indices):
                logits = self._jets.logits(self._module, indices[group]).double()
                scores[group] = (logits[:, 1] - logits[:, 0]).cpu().numpy()
        return scores

    def result(self, ended: str) -> Trained:
        """The best weights and their scores on the validation jets."""
        self._module.load_state_dict(self._best)
        tensors = {name: tensor.cpu().numpy().copy() for name, tensor in self._best.items()}
        return Trained(tensors, self._scores(), tuple(self.history), ended)


def _initial(setup: Setup) -> Any:
    """Layers with PyTorch's initial weights from the setup's seed."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(setup.seed)
        return layers(setup.sizes)


def _adam(module: Any) -> Any:
    import torch

    return torch.optim.Adam(module.parameters(), fused=True)
