# SPDX-License-Identifier: MIT
"""Settings of a perceptron that its tensors do not show: its functions and the meaning of its inputs.

Sources: models/Multi-Body/{multimodel,multidataset,train}.py and datasets/mb8spreprocessing.py of
FAIR4HEP/xAI4toptagger; Exercises/07a-CDMS_NNRegressor.ipynb, data/README.md, data/dnn_dataset/hos.csv and
src/models/model_02_CDMS-NNRegressor/model-metadata.json of FAIR-UMN/FAIR-UMN-CDMS.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import widths_of
from fairreg.models.common.training_options import Options
from fairreg.models.mlp.architecture import METADATA, PerceptronSizes, options_file
from fairreg.schemas.record import Feature

__all__ = ["Activation", "PerceptronSettings", "settings_of"]

_BETAS = ("0.5", "1", "2")
_CDMS_COLUMNS = tuple(
    f"P{channel}{quantity}"
    for quantity, channels in (("start", "BCDF"), ("rise", "ABCDF"), ("fall", "ABCDF"), ("width", "ABCDF"))
    for channel in channels
)


@dataclass(frozen=True)
class Activation:
    """Function after the hidden layers by its name in PyTorch; `slope` is that of LeakyReLU below 0."""

    name: Literal["ReLU", "LeakyReLU", "Sigmoid", "Tanh"]
    slope: float = 0.0


@dataclass(frozen=True)
class PerceptronSettings:
    """Function after the hidden layers, inputs (none where they are unknown) and sentences on the sources."""

    activation: Activation
    features: tuple[Feature, ...] = ()
    assumptions: tuple[str, ...] = ()


def settings_of(path: Path, sizes: PerceptronSizes) -> PerceptronSettings:
    """Settings of the perceptron of these sizes in the file `path`.

    Raises ModelError where the activation is in neither the file nor the JSON file beside it, and where that
    is the file of another network.
    """
    return _cdms(path, sizes) if sizes.family == "cdms" else _multi_body(path, sizes)


_MULTI_BODY = (
    "Neither names nor shapes show that a ReLU follows the hidden layers and a softmax the last: taken from "
    "Net in models/Multi-Body/multimodel.py of FAIR4HEP/xAI4toptagger."
)
_CDMS = (
    "Neither names nor shapes show that batch normalisation (epsilon 1e-5) comes before the activation and "
    "that no sigmoid follows: taken from Network and CDMS_Regressor in Exercises/07a-CDMS_NNRegressor.ipynb "
    "of FAIR-UMN/FAIR-UMN-CDMS."
)
_STANDARDISED = (
    "The inputs are to be standardised with the means and standard deviations of the training sample, "
    "which are not published with the weights."
)


def _multi_body(path: Path, sizes: PerceptronSizes) -> PerceptronSettings:
    name = options_file(path)
    options = Options.read(path, (path.with_name(name), path.parent.parent / "trained_model_dicts" / name))
    if options is None:
        unknown = f"Which n-subjettiness variables the inputs are is stated in {name}."
        return PerceptronSettings(Activation("ReLU"), assumptions=(_MULTI_BODY, unknown))
    if options.integers("nodes") != sizes.hidden:
        raise _other_network(options, f"nodes {options.text('nodes')}", widths_of(sizes.hidden))
    # Counted before they are named: N in a file may be any number.
    if (inputs := _input_count(options)) != sizes.inputs:
        raise _other_network(options, f"{inputs} inputs", str(sizes.inputs))
    return PerceptronSettings(Activation("ReLU"), _subjettiness(options), (_MULTI_BODY,))


def _input_count(options: Options) -> int:
    orders, betas = options.integer("N") - 1, len(_betas(options))
    left_out = 1 if betas > 1 and orders else 0
    return orders * betas - left_out + options.flag("use_pt") + options.flag("use_mass")


def _betas(options: Options) -> tuple[str, ...]:
    return ("1",) if options.flag("tau_x_1", default=False) else _BETAS


def _subjettiness(options: Options) -> tuple[Feature, ...]:
    """Inputs in the order of multidataset.py: without beta = 0.5 of the last order, pT and mass in TeV."""
    orders = range(1, options.integer("N"))
    betas = _betas(options)
    names = [f"tau_{order}_{beta}" for order in orders for beta in betas]
    if len(betas) > 1 and names:
        names.remove(f"tau_{orders[-1]}_0.5")
    jets = [("jet_pt", options.flag("use_pt")), ("jet_mass", options.flag("use_mass"))]
    return (
        *(
            Feature(name, description="tau_ORDER_BETA, exclusive-kT axes, pT relative to the jet")
            for name in names
        ),
        *(Feature(name, "TeV") for name, used in jets if used),
    )


def _cdms(path: Path, sizes: PerceptronSizes) -> PerceptronSettings:
    metadata = Options.read(path, (path.with_name(METADATA),))
    if metadata is None:
        raise ModelError(
            f"The weights do not show the activation of the hidden layers; fairreg needs {METADATA}.",
            hint=f"Put the published {METADATA} beside the weights.",
        )
    options = metadata.section("hyperparameters")
    layers, nodes = options.integer("n_hidden_layers"), options.integer("n_nodes_in hidden_layers")
    if len(sizes.hidden) != layers or set(sizes.hidden) != {nodes}:
        raise _other_network(options, f"{layers} hidden layers of {nodes} nodes", widths_of(sizes.hidden))
    known = len(_CDMS_COLUMNS) == sizes.inputs
    features = tuple(Feature(name, description="standardised") for name in _CDMS_COLUMNS) if known else ()
    return PerceptronSettings(_activation(options), features, (_CDMS, _STANDARDISED))


def _activation(options: Options) -> Activation:
    name = options.text("activation")
    if name == "LeakyReLU":
        return Activation("LeakyReLU", options.number("activation_hyperparameter"))
    for known in ("ReLU", "Sigmoid", "Tanh"):
        if name == known:
            return Activation(known)
    raise ModelError(
        f"{options.name} states the activation {name[:60]!r}, which fairreg does not compute.",
        hint="It computes LeakyReLU, ReLU, Sigmoid and Tanh.",
    )


def _other_network(options: Options, stated: str, found: str) -> ModelError:
    return ModelError(
        f"{options.name} states {stated[:80]}, but the weights have {found}.",
        hint="Put the JSON file of these weights beside them.",
    )
