# SPDX-License-Identifier: MIT
"""Words by which training frameworks call the entries of a checkpoint, for `containers`.

A name is split into words at every sign that is no letter and at changes of case, so that ``modelStateDict``,
``model_state_dict`` and ``model.state-dict`` are alike. A name may be any key of a pickled mapping: keys that
are not text have no words.
"""

import re

__all__ = [
    "is_average",
    "is_buffers",
    "is_optimizer_moment",
    "is_progress",
    "is_random_state",
    "is_scaler",
    "is_training_state",
    "is_weight",
    "is_whole_model",
    "names_optimizer",
    "only_random_states",
]


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# A name of these words alone is that of the model as a whole.
_WHOLE = _listed(
    """model models net nets network networks module modules state states dict dicts statedict weights
    params param parameters variables checkpoint ckpt"""
)
_OPTIMIZER = _listed("optimizer optimizers optimiser optimisers optim optims opt")
# A name with one of these words is that of something only training needs.
_TRAINING = _OPTIMIZER | _listed(
    """scheduler schedulers sched gradscaler loss losses criterion criterions metric metrics history
    grad grads gradient gradients rng rngs callbacks loops hparams hyper hyperparameters args config cfg"""
)
# A single number with one of these words in its name is one of the training's progress.
_PROGRESS = _listed(
    "epoch epochs step steps iter iteration iterations lr acc accuracy auc score best seed time"
)
_SCALER = _listed("scaler scalers amp")
# A name with one of these words is that of a copy of a network: averaged, delayed or of another epoch.
_AVERAGE = _listed("ema swa averaged avg polyak shadow teacher target best")
# What functional interfaces keep beside the parameters.
_BUFFERS = frozenset({"buffers", "buffer", "batch_stats"})
_WEIGHT = _listed("weight weights kernel")
# What optimizers of PyTorch keep per parameter; "step" alone is not enough to know one.
_MOMENTS = _listed(
    """exp_avg exp_avg_sq max_exp_avg_sq exp_avg_diff exp_avg_sq_row exp_avg_sq_col exp_inf
    momentum_buffer square_avg grad_avg acc_delta mu_product"""
)
_BESIDE_MOMENTS = frozenset({"step", "sum", "prev", "step_size", "eta", "mu", "ax"})
_RANDOM = _listed("python numpy cpu cuda torch npu xpu mps mlu hpu musa xla random")


def _words(key: object) -> list[str]:
    return [word.lower() for word in _WORD.findall(key)] if isinstance(key, str) else []


def is_whole_model(key: object) -> bool:
    """Tell whether an entry of this name is the model, as ``model_state_dict`` and ``net`` are."""
    words = _words(key)
    return bool(words) and _WHOLE.issuperset(words)


def is_average(key: object) -> bool:
    """Tell whether an entry of this name is a copy of a network, such as its moving average."""
    return not _AVERAGE.isdisjoint(_words(key))


def is_training_state(key: object) -> bool:
    """Tell whether an entry of this name serves training: optimizer, scheduler, loss, random state."""
    words = _words(key)
    return not _TRAINING.isdisjoint(words) or {"random", "state"} <= set(words)


def is_progress(key: object) -> bool:
    """Tell whether a single number of this name says how far a training is or how good."""
    return not _PROGRESS.isdisjoint(_words(key))


def is_scaler(key: object) -> bool:
    """Tell whether an entry of this name may be the scaler of losses in mixed-precision training."""
    return not _SCALER.isdisjoint(_words(key))


def is_random_state(key: object) -> bool:
    """Tell whether a tensor of this name is the state of a generator of random numbers."""
    return "rng" in _words(key)


def is_buffers(key: object) -> bool:
    """Tell whether an entry of this name holds what a network keeps beside its parameters."""
    return key in _BUFFERS if isinstance(key, str) else False


def is_weight(key: object) -> bool:
    """Tell whether a tensor of this name is a weight whatever its shape."""
    return not _WEIGHT.isdisjoint(_words(key))


def is_optimizer_moment(key: object) -> bool | None:
    """Tell whether an optimizer keeps a tensor of this name; None where other things are called so too."""
    last = key.rpartition(".")[2] if isinstance(key, str) else ""
    if last in _MOMENTS:
        return True
    return None if last in _BESIDE_MOMENTS else False


def names_optimizer(key: object) -> bool:
    """Tell whether a dotted name begins with an optimizer, as ``optimizer.state.0.exp_avg`` does."""
    return isinstance(key, str) and not _OPTIMIZER.isdisjoint(_words(key.partition(".")[0]))


def only_random_states(keys: frozenset[str]) -> bool:
    """Tell whether these are all names of generators of random numbers, as in ``rng_state.pth``."""
    return len(keys) > 1 and keys <= _RANDOM and not keys.isdisjoint({"python", "numpy", "random"})
