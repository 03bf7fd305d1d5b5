# SPDX-License-Identifier: MIT
"""Settings of a generator that its tensors do not show, from the args.txt that is published beside them.

Meaning of the keys: ``parse_args`` and ``setup_mpgan`` of setup_training.py in github.com/rkansal47/MPGAN.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairreg.errors import ModelError
from fairreg.models.common.side_text import is_finite, text_beside
from fairreg.models.mpgan.layout import ARGUMENTS, GeneratorLayout
from fairreg.models.mpgan.literals import Scalar, read_dictionary

__all__ = ["LARGEST", "GeneratorArguments", "arguments_of", "is_stated"]

# Largest absolute values of eta_rel, phi_rel and pT_rel in the training, by the type of the jets: gen.py.
LARGEST: Mapping[str, tuple[float, float, float]] = {
    "g": (1.4532885551452637, 0.520724892616272, 0.8537549376487732),
    "q": (1.6211985349655151, 0.4568111002445221, 0.8896132111549377),
    "t": (1.4242753982543945, 0.4949831962585449, 0.8774275183677673),
}
_Value = Scalar | list[Scalar]
_MODEL = re.compile(r"""["']model["']\s*:\s*["'](\w+)["']""")
# Pairs grow with the square of the particles, which no tensor bounds; JetNet has 30 and 150 particles.
_MOST_SLOTS = 256
# Options of the network that this package does not compute, with the value that they must have. Labels
# (clabels, mask_fne_np) are among them: the authors' code gives a message the label of another jet.
_FIXED: Mapping[str, Scalar] = {
    "int_diffs": False,
    "deltacoords": False,
    "clabels": 0,
    "mask_fne_np": False,
    "fully_connected": True,
    "mask_learn": False,
    "mask_learn_sep": False,
    "mask_feat": False,
    "mask_feat_bin": False,
    "mask_manual": False,
    "batch_norm_gen": False,
    "spectral_norm_gen": False,
    "gen_dropout": 0,
}


@dataclass(frozen=True)
class GeneratorArguments:
    """Arguments of a generator.

    `slots` particles per jet, of `features` features; `latent` numbers of noise, per jet or, where
    `per_particle`, per particle, normal with standard deviation `sd`. `slope` is that of the leaky ReLU,
    `tanh` and `total` say whether the output is a tanh and messages are summed (else averaged), `masked`
    whether the jet's number of particles is an input. `distance` is the number of features of the nodes in
    the distance of a pair, None for all. `jets` is the type of the jets, `norm` the scale of the features.
    """

    slots: int
    features: int
    latent: int
    per_particle: bool
    sd: float
    slope: float
    tanh: bool
    total: bool
    masked: bool
    distance: int | None
    jets: str
    norm: float

    @property
    def has_particles(self) -> bool:
        """Tell whether gen.py gives the scale of the features of these jets."""
        return self.jets in LARGEST and self.features == len(LARGEST["g"]) and self.norm == 1

    def to_json(self) -> dict[str, int | float | str]:
        """Arguments under their names in args.txt."""
        return {
            "jets": self.jets,
            "num_hits": self.slots,
            "node_feat_size": self.features,
            "latent_size": self.latent,
            "sd": self.sd,
            "leaky_relu_alpha": self.slope,
            "gtanh": self.tanh,
            "sum": self.total,
            "mask_c": self.masked,
            "norm": self.norm,
        }


class _Reader:
    """Values of args.txt by key and type."""

    def __init__(self, values: Mapping[str, _Value]) -> None:
        self._values = values

    def get(self, key: str) -> _Value:
        if key not in self._values:
            raise ModelError(f"it does not say {key}")
        return self._values[key]

    def flag(self, key: str) -> bool:
        value = self.get(key)
        if not isinstance(value, bool):
            raise ModelError(f"its {key} is {value!r}, neither True nor False")
        return value

    def number(self, key: str) -> float:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelError(f"its {key} is {value!r}, not a number")
        if not is_finite(value):
            raise ModelError(f"its {key} is {value!r}, which is not finite in float32")
        return float(value)

    def size(self, key: str) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ModelError(f"its {key} is {value!r}, not a size")
        return value

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value.isprintable():  # it is shown on terminals
            raise ModelError(f"its {key} is {value!r}, not a printable text")
        return value


def arguments_of(path: Path, layout: GeneratorLayout) -> GeneratorArguments:
    """Arguments of the generator in `path`. Raises ModelError without an args.txt that states them."""
    text = text_beside(path, ARGUMENTS)
    if text is None:
        raise ModelError(
            f"{path.name} cannot be run without its {ARGUMENTS}: its tensors do not show activations and "
            "masks.",
            hint=f"Put the {ARGUMENTS} that was published with the weights beside them.",
        )
    try:
        return _arguments(_Reader(read_dictionary(text)), layout)
    except ModelError as error:
        raise ModelError(
            f"{ARGUMENTS} beside {path.name} does not state a generator that fairreg computes: "
            f"{error.message.rstrip('.')}.",
            hint=f"Put the {ARGUMENTS} that was published with the weights beside them.",
        ) from error


def is_stated(path: Path, layout: GeneratorLayout) -> bool:
    """Tell whether an args.txt beside `path` names the class of the generator, or cannot be read at all.

    The names of the tensors of some classes are common. Raises SecurityRefusal for a link.
    """
    try:
        text = text_beside(path, ARGUMENTS)
    except ModelError:
        return True
    named = None if text is None else _MODEL.search(text)
    return named is not None and named[1] == layout.kind


def _arguments(reader: _Reader, layout: GeneratorLayout) -> GeneratorArguments:
    model = reader.text("model")
    if model != layout.kind:
        raise ModelError(f"its model is {model!r}, that of the weights {layout.kind!r}")
    if layout.messages:
        for key, value in _FIXED.items():
            if reader.get(key) != value:
                raise ModelError(f"its {key} is {reader.get(key)!r}, and only {value!r} is computed")
        return _of_message_passing(reader, layout)
    return _of_dense(reader, layout)


def _of_message_passing(reader: _Reader, layout: GeneratorLayout) -> GeneratorArguments:
    first = layout.messages[0].node_size
    slots, features = reader.size("num_hits"), reader.size("node_feat_size")
    hidden = reader.size("hidden_node_size")
    _agree("latent_node_size", reader.size("latent_node_size") or hidden, first)
    _agree("mp_iters_gen", reader.size("mp_iters_gen"), len(layout.messages))
    # The older class computes as many features as the hidden nodes have and returns the first of them.
    computed = hidden if layout.kind == "old_mpgan" else features
    _agree("number of features", computed, layout.messages[-1].output_size)
    _agree("lfc", reader.flag("lfc"), layout.first is not None)
    _agree("pos_diffs", reader.flag("pos_diffs"), layout.messages[0].edge_size == 1)
    if slots < 1 or not 1 <= features <= computed:
        raise ModelError(f"its num_hits is {slots}, its node_feat_size {features}")
    if slots > _MOST_SLOTS:
        raise ModelError(f"its num_hits is {slots}, and at most {_MOST_SLOTS} particles are computed")
    if layout.first is not None:
        _agree("lfc_latent_size", reader.size("lfc_latent_size"), layout.taken)
        _agree("product of num_hits and latent_node_size", slots * first, layout.given)
    return GeneratorArguments(
        slots=slots,
        features=features,
        latent=layout.taken or first,
        per_particle=layout.first is None,
        sd=_deviation(reader),
        slope=reader.number("leaky_relu_alpha"),
        tanh=reader.flag("gtanh"),
        total=reader.flag("sum"),
        masked=reader.flag("mask_c"),
        distance=_distance(reader, layout),
        jets=reader.text("jets"),
        norm=reader.number("norm"),
    )


def _distance(reader: _Reader, layout: GeneratorLayout) -> int | None:
    """Number of features in the distance, None for all; it matters only where nodes have a distance."""
    if not layout.messages[0].edge_size:
        return None
    every = reader.flag("all_ef")
    if not reader.flag("deltar") and not (every and layout.kind == "mpgan"):
        raise ModelError("its deltar is False, so that pos_diffs has no meaning in the authors' code")
    if every:
        return None
    return 3 if reader.text("coords") == "cartesian" else 2


def _of_dense(reader: _Reader, layout: GeneratorLayout) -> GeneratorArguments:
    slots, features = reader.size("num_hits"), reader.size("node_feat_size")
    _agree("product of num_hits and node_feat_size", slots * features, layout.given)
    _agree("latent_dim", reader.size("latent_dim"), layout.taken)
    _agree("rgang_fc", _list(reader, "rgang_fc"), list(layout.widths))
    return GeneratorArguments(
        slots=slots,
        features=features,
        latent=layout.taken,
        per_particle=False,
        sd=_deviation(reader),
        slope=reader.number("leaky_relu_alpha"),
        tanh=True,
        total=True,
        masked=False,
        distance=None,
        jets=reader.text("jets"),
        norm=reader.number("norm"),
    )


def _deviation(reader: _Reader) -> float:
    value = reader.number("sd")
    if value < 0:
        raise ModelError(f"its sd is {value}, and a standard deviation is not negative")
    return value


def _list(reader: _Reader, key: str) -> list[Scalar]:
    value = reader.get(key)
    if not isinstance(value, list):
        raise ModelError(f"its {key} is {value!r}, not a list")
    return value


def _agree(name: str, stated: int | list[Scalar], shown: int | list[int]) -> None:
    if stated != shown:
        raise ModelError(f"its {name} is {stated}, that of the weights {shown}")
