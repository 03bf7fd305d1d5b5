# SPDX-License-Identifier: MIT
"""The weight c of the coordinates' update, which no tensor shows: from args.json, or the authors' default.

The authors' programs write their arguments to ``args.json`` in the folder of the weights
(logs/top/pretrained/args.json in github.com/sdogsq/LorentzNet-release).
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from fairreg.errors import ModelError
from fairreg.models.common.side_text import text_beside
from fairreg.models.lorentznet.sizes import ARGUMENTS, LorentzNetSizes

__all__ = ["CoordinateWeight", "coordinate_weight"]

# By the number of scalars: defaults of --c_weight of the authors' programs. The class has one of its own.
_DEFAULTS = {2: (0.005, "top_tagging.py"), 8: (0.001, "qg_tagging.py")}
_OF_THE_CLASS = (0.001, "models.py")


class _Arguments(msgspec.Struct):
    c_weight: float
    n_hidden: int | None = None
    n_layers: int | None = None


@dataclass(frozen=True)
class CoordinateWeight:
    """The weight c, and the sentence on its source where it is not stated beside the weights."""

    value: float
    assumption: str | None = None


def coordinate_weight(path: Path, sizes: LorentzNetSizes) -> CoordinateWeight:
    """The weight c for the weights in `path`.

    Raises ModelError for an args.json that cannot be read or is that of another network, SecurityRefusal
    for one that is a link.
    """
    text = text_beside(path, ARGUMENTS)
    if text is None:
        default, program = _DEFAULTS.get(sizes.scalars, _OF_THE_CLASS)
        return CoordinateWeight(
            default,
            f"The weight c of the coordinates' update is taken to be {default}, the default of {program} in "
            f"github.com/sdogsq/LorentzNet-release: the tensors do not show it, and no {ARGUMENTS} is beside "
            "them.",
        )
    return CoordinateWeight(_stated(text, path, sizes))


def _stated(text: str, path: Path, sizes: LorentzNetSizes) -> float:
    try:
        found = msgspec.json.decode(text, type=_Arguments)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _unusable(path, str(error)) from error
    pairs = (("n_hidden", found.n_hidden, sizes.hidden), ("n_layers", found.n_layers, sizes.layers))
    for name, stated, shown in pairs:
        if stated is not None and stated != shown:
            raise _unusable(path, f"its {name} is {stated}, that of the weights {shown}")
    return found.c_weight


def _unusable(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{ARGUMENTS} beside {path.name} does not state the arguments of this network: {why}.",
        hint=f"Put the {ARGUMENTS} that was published with the weights beside them, or none for the default.",
    )
