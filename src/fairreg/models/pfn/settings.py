# SPDX-License-Identifier: MIT
"""Settings that tensors do not show: the last function, the classes, the preparation of the inputs.

Sources are the authors' programs: models/PFN/train.py and models/PFIN/train.py of FAIR4HEP/xAI4toptagger, and
model/train.py, evaluation/EvalTools.py and the preprocessing of the data sets of PFIN4UQAD. They write the
weights ``trained_models/NAME_best_LABEL`` (or ``_last``) and the options
``trained_model_dicts/NAME_LABEL.json``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import widths_of
from fairreg.models.common.training_options import Options
from fairreg.models.pfn.architecture import PARTICLE_FEATURES, ParticleFlowSizes, options_file

__all__ = ["ParticleFlowSettings", "settings_of"]

Architecture = Literal["PFN", "PFIN", "UQPFIN"]
_QCD_TOP = ("QCD", "top quark")
# Features per particle and classes of the data sets of PFIN4UQAD, in the order of the labels that the
# programs in datasets/ write (jetnet: files g, q, t, w, z; JNqgmerged: comment in the notebooks).
_DATA_SETS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "topdata": (3, _QCD_TOP),
    "jetnet": (3, ("gluon", "light quark", "top quark", "W boson", "Z boson")),
    "JNqgmerged": (3, ("QCD", "top quark", "W boson", "Z boson")),
    "jetclass": (11, ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")),
}


@dataclass(frozen=True)
class ParticleFlowSettings:
    """One network's class, its last function, its classes in order, and sentences on their sources.

    `output` is "softmax", or "evidence": a ReLU, after which evidence e gives Dirichlet parameters e + 1.
    """

    architecture: Architecture
    output: Literal["softmax", "evidence"]
    classes: tuple[str, ...]
    data: str | None = None
    assumptions: tuple[str, ...] = ()


def settings_of(path: Path, sizes: ParticleFlowSizes) -> ParticleFlowSettings:
    """Settings of the network of these sizes in the file `path`.

    Raises ModelError where they are in neither the file nor the options beside it, and where the options are
    those of another network.
    """
    options = _options(path)
    if options is not None:
        _check_widths(options, sizes)
    if not sizes.pair_nodes:
        return ParticleFlowSettings(
            "PFN", "softmax", _QCD_TOP, assumptions=(_PFN, _preparation(options, path))
        )
    if options is None:
        return _without_options(path, sizes)
    return _uqpfin(options, sizes) if "data_type" in options else _pfin(options, sizes)


_PFN = (
    "Neither names nor shapes show that the particles are summed, that a ReLU follows the hidden layers and "
    "a softmax the last: taken from ParticleFlowNetwork in models/PFN of FAIR4HEP/xAI4toptagger."
)
_PFIN = (
    "Neither names nor shapes show the features of pairs, the sums, the ReLU of the hidden layers and the "
    "last softmax: taken from PFIN in models/PFIN/PFIN.py of FAIR4HEP/xAI4toptagger."
)
_UQPFIN = (
    "Neither names nor shapes show the features of pairs, the sums and the ReLU of the hidden layers: taken "
    "from model/UQPFIN.py of PFIN4UQAD; dropout is off, as in its evaluation but for Monte Carlo dropout."
)
_MASS = (
    "m^2 of a pair is computed without cancellation; the authors' E^2 - p^2 in float32 carries rounding "
    "noise for nearly collinear pairs, so that their own scores differ by it."
)


def _options(path: Path) -> Options | None:
    name = options_file(path)
    return Options.read(path, (path.with_name(name), path.parent.parent / "trained_model_dicts" / name))


def _preparation(options: Options | None, path: Path) -> str:
    if options is None or "preprocessed" not in options:
        return f"Whether the inputs are fractions of pT about the jet axis is stated in {options_file(path)}."
    prepared = options.flag("preprocessed")
    inputs = (
        "fractions of pT and angles about the jet axis" if prepared else "pT in GeV, eta and phi as they are"
    )
    return f"The inputs are {inputs}: {options.name} states preprocessed {str(prepared).lower()}."


def _check_widths(options: Options, sizes: ParticleFlowSizes) -> None:
    """Raise ModelError where the options state other widths than the tensors have."""
    stated = {"phi_nodes": sizes.phi, "f_nodes": sizes.f}
    for key, widths in stated.items():
        if options.integers(key) != widths:
            raise _other_network(options, f"{key} {options.text(key)}", widths_of(widths))
    if not sizes.pair_nodes:
        return
    if options.integer("n_phiI") != sizes.pair_nodes:
        raise _other_network(options, f"n_phiI {options.integer('n_phiI')}", str(sizes.pair_nodes))
    # The authors' classes read every other text as sum.
    if (options.text("x_mode") == "cat") != (sizes.combination == "cat"):
        raise _other_network(options, f"x_mode {options.text('x_mode')}", sizes.combination)


def _other_network(options: Options, stated: str, found: str) -> ModelError:
    return ModelError(
        f"{options.name} states {stated[:80]}, but the weights have {found}.",
        hint="Put the options of these weights beside them.",
    )


def _without_options(path: Path, sizes: ParticleFlowSizes) -> ParticleFlowSettings:
    if sizes.taus:  # only PFIN, which ends in a softmax, has them
        return ParticleFlowSettings("PFIN", "softmax", _QCD_TOP, assumptions=(_PFIN, _MASS))
    name = options_file(path)
    raise ModelError(
        f"The weights do not show whether a softmax or evidence is the output; fairreg needs {name}.",
        hint=f"Put the published {name} beside the weights, or into ../trained_model_dicts.",
    )


def _pfin(options: Options, sizes: ParticleFlowSizes) -> ParticleFlowSettings:
    if not options.flag("preprocessed"):
        raise ModelError(
            f"{options.name} states preprocessed false, which models/PFIN/train.py cannot train."
        )
    augmented = options.flag("augmented")
    if augmented != bool(sizes.taus):
        raise _other_network(options, f"augmented {str(augmented).lower()}", f"{sizes.taus} taus")
    if (sizes.features, sizes.classes) != (min(PARTICLE_FEATURES), len(_QCD_TOP)):
        raise _other_network(
            options,
            "no data_type, as for top tagging",
            f"{sizes.features} features and {sizes.classes} classes",
        )
    return ParticleFlowSettings("PFIN", "softmax", _QCD_TOP, "top tagging", (_PFIN, _MASS))


def _uqpfin(options: Options, sizes: ParticleFlowSizes) -> ParticleFlowSettings:
    data = options.text("data_type")
    if data not in _DATA_SETS:
        raise ModelError(
            f"{options.name} states the data set {data[:60]!r}, which fairreg does not know.",
            hint=f"It knows {', '.join(_DATA_SETS)}.",
        )
    features, classes = _DATA_SETS[data]
    # train.py leaves skipped labels aside except for topdata.
    skipped = () if data == "topdata" else options.integers("skiplabels")
    kept = tuple(name for index, name in enumerate(classes) if index not in skipped)
    if (features, len(kept), 0) != (sizes.features, sizes.classes, sizes.taus):
        raise _other_network(
            options,
            f"{data} with {features} features and {len(kept)} classes",
            f"{sizes.features} and {sizes.classes}",
        )
    # EvalTools.py takes no softmax where the option is absent.
    output: Literal["softmax", "evidence"] = (
        "softmax" if options.flag("use_softmax", default=False) else "evidence"
    )
    return ParticleFlowSettings("UQPFIN", output, kept, data, (_UQPFIN, _MASS))
