# SPDX-License-Identifier: MIT
"""The weight c of the coordinates' update, which no tensor shows: from args.json, or the authors' default.

The authors' programs write their arguments to ``args.json`` in the folder of the weights
(logs/top/pretrained/args.json in github.com/sdogsq/LorentzNet-release).
"""

from dataclasses import dataclass
from pathlib import Path

from fairreg.errors import ModelError
from fairreg.models.common.training_options import Options
from fairreg.models.lorentznet.sizes import ARGUMENTS, LorentzNetSizes

__all__ = ["CoordinateWeight", "coordinate_weight"]

# By the number of scalars: defaults of --c_weight of the authors' programs. The class has one of its own.
_DEFAULTS = {2: (0.005, "top_tagging.py"), 8: (0.001, "qg_tagging.py")}
_OF_THE_CLASS = (0.001, "models.py")
_HINT = f"Put the {ARGUMENTS} that was published with the weights beside them, or none for the default."


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
    options = Options.read(path, (path.with_name(ARGUMENTS),))
    if options is None:
        default, program = _DEFAULTS.get(sizes.scalars, _OF_THE_CLASS)
        return CoordinateWeight(
            default,
            f"The weight c of the coordinates' update is taken to be {default}, the default of {program} in "
            f"github.com/sdogsq/LorentzNet-release: the tensors do not show it, and no {ARGUMENTS} is beside "
            "them.",
        )
    try:
        return CoordinateWeight(_stated(options, path, sizes))
    except ModelError as error:
        error.hint = _HINT
        raise


def _stated(options: Options, path: Path, sizes: LorentzNetSizes) -> float:
    """The weight c, of either sign: the authors' programs take any number."""
    for name, shown in (("n_hidden", sizes.hidden), ("n_layers", sizes.layers)):
        if name in options and (stated := options.integer(name)) != shown:
            raise ModelError(
                f"{ARGUMENTS} beside {path.name} does not state the arguments of this network: its {name} is "
                f"{stated}, that of the weights {shown}."
            )
    return options.number("c_weight")
