# SPDX-License-Identifier: MIT
"""Keras models in their files: what describes them, their weights, and the version that they state.

An HDF5 file of weights alone needs the JSON file of its architecture beside it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.converters.keras import archive, keras1, layers, safety, stored, stores
from fairreg.runners.converters.keras.arguments import KerasNetwork, plain, quoted
from fairreg.runners.converters.keras.configuration import NETWORKS, Reader
from fairreg.runners.converters.keras.weights import LayerWeights

__all__ = ["KerasModel", "check_version", "major_of", "read"]

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})", re.ASCII)
_WORDS = re.compile(r"weights?|arch(itecture)?|model|config|json|[^a-z0-9]+")
_NEWEST = (3, 15)  # the version whose definitions were read, and that the tests compare with
_KERAS_3 = 3
_MAX_SIDE_FILES = 500
_NOFOLLOW = int(getattr(os, "O_NOFOLLOW", 0)) | int(getattr(os, "O_NONBLOCK", 0))


@dataclass(frozen=True)
class KerasModel:
    """A network with its weights; `version` is what the file states, `backend` what computed it."""

    network: KerasNetwork
    weights: LayerWeights
    version: str | None
    major: int | None
    backend: str | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Description:
    """A checked configuration and what is stated with it."""

    config: Mapping[str, Any]
    file: str
    version: str | None
    backend: str | None

    @property
    def major(self) -> int | None:
        """The major version of Keras; without a statement, what only Keras 3 writes shows it.

        Source: `Model.to_json` of keras/src/models/model.py, which states a module and no version.
        """
        stated = major_of(self.version)
        by_keras_3 = {"module", "registered_name"} <= self.config.keys()
        return _KERAS_3 if stated is None and by_keras_3 else stated

    @property
    def is_old(self) -> bool:
        """Tell whether its arguments are those of Keras 1."""
        return any(
            keras1.is_old(str(item.get("class_name")), item["config"])
            for item in safety.objects(self.config, self.file)
            if isinstance(item.get("config"), dict)
        )


def read(path: Path) -> KerasModel:
    """Read a Keras model. Raises ModelError, SecurityRefusal, MissingEngine."""
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    return _of_archive(path, plain(path.name)) if is_zip else _of_hdf5(path, plain(path.name))


def major_of(version: str | None) -> int | None:
    """The major version in ``2.2.4-tf``."""
    found = _VERSION.match(version or "")
    return int(found[1]) if found else None


def check_version(version: str | None, file: str) -> None:
    """Raise ModelError for a version of Keras whose definitions are not known here."""
    found = _VERSION.match(version or "")
    if found and not (1, 0) <= (int(found[1]), int(found[2])) <= _NEWEST:
        newest = ".".join(map(str, _NEWEST))
        raise ModelError(
            f"{file} was saved by Keras {plain(version)}, and fairreg knows the definitions of Keras 1 to "
            f"{newest}.",
            hint="Save the model with one of these, or export it to ONNX with its own version.",
        )


def _of_archive(path: Path, name: str) -> KerasModel:
    with archive.opened(path) as members:
        config = safety.parsed(members.read(archive.CONFIG, safety.MAX_JSON), name)
        metadata = safety.parsed(members.read(archive.METADATA, safety.MAX_JSON), name)
        content = members.read(archive.WEIGHTS)
    version = _text(metadata.get("keras_version"))
    check_version(version, name)
    major = major_of(version)
    # The format is of Keras 3, and of the Keras 2 inside TensorFlow.
    backend = "tensorflow" if major == 2 else None  # noqa: PLR2004
    network = _network(name, major, config)
    with stored.opened(content, name) as weights:
        return KerasModel(network, stores.by_path(network, weights), version, major, backend)


def _of_hdf5(path: Path, name: str) -> KerasModel:
    with stored.opened(path, name) as content:
        configuration = content.text("model_config")
        if configuration is None:
            return _with_side_file(path, name, content)
        config = safety.parsed(configuration, name)
        version, backend = content.text("keras_version"), content.text("backend")
        check_version(version, name)
        found = _Description(config, name, version, backend)
        return _by_order(found, content.group("model_weights"), version)


def _with_side_file(path: Path, name: str, content: stored.Stored) -> KerasModel:
    found = _beside(path)
    check_version(found.version, found.file)
    remark = f"The architecture is that of {found.file}, beside the weights."
    if content.texts("layer_names"):
        version, backend = content.text("keras_version"), content.text("backend")
        check_version(version, name)
        _check_same(found, version, name)
        joined = _Description(found.config, found.file, found.version or version, found.backend or backend)
        return _by_order(joined, content, version, remark)
    if "layers" not in content:
        raise ModelError(f"{name} has neither a Keras model nor the weights of one.")
    major = found.major
    network = _network(found.file, major, found.config)
    weights = stores.by_path(network, content)
    return KerasModel(network, weights, found.version, major, found.backend, (remark,))


def _by_order(
    found: _Description, content: stored.Stored, of_weights: str | None, *remarks: str
) -> KerasModel:
    old = found.is_old
    major = found.major
    if major not in {1, None} and old:
        raise ModelError(f"{found.file} states Keras {major} and has arguments of Keras 1.")
    major = 1 if old else major
    network = _network(found.file, major, found.config)
    weights, said = stores.by_order(network, content, old=old and major_of(of_weights) in {1, None})
    return KerasModel(network, weights, found.version, major, found.backend, (*remarks, *said))


def _network(file: str, major: int | None, config: Mapping[str, Any]) -> KerasNetwork:
    """Read a network of layers that can be written."""
    found = Reader(file, major).network(config)
    layers.check_all(found)
    return found


def _check_same(found: _Description, version: str | None, name: str) -> None:
    one, other = found.major, major_of(version)
    if one is not None and other is not None and one != other:
        raise ModelError(
            f"{found.file} is of Keras {one} and {name} of Keras {other}, so they do not belong together."
        )


def _beside(path: Path) -> _Description:
    """The description of the model in the folder of its weights: the only one, or the one named alike."""
    found = [item for item in _candidates(path.parent) if item is not None]
    alike = [item for item in found if _bare(item.file) == _bare(plain(path.name))]
    chosen = found if len(found) == 1 else alike
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        links = sorted(plain(item.name) for item in _side_files(path.parent) if item.is_symlink())
        hint = "Put the JSON file that its authors saved with model.to_json() into the same folder."
        if links:
            hint = f"{links[0]} beside it is a link, which is not followed: copy the file itself there."
        raise ModelError(
            f"{plain(path.name)} has the weights of a Keras model without its architecture.", hint=hint
        )
    raise ModelError(
        f"{plain(path.name)} has weights alone, and {len(found)} files beside it describe a Keras model: "
        f"{', '.join(sorted(quoted(item.file) for item in found)[:5])}.",
        hint="Put the weights and the JSON file of their architecture into a folder of their own.",
    )


def _bare(name: str) -> str:
    """A file's name without the words for its kind: ``my_nn_weights.h5`` is like ``my_nn_arch.json``."""
    return _WORDS.sub("", name.lower().partition(".")[0])


def _candidates(folder: Path) -> list[_Description | None]:
    return [_description(item) for item in _side_files(folder)]


def _side_files(folder: Path) -> list[Path]:
    return sorted(item for item in folder.iterdir() if item.suffix.lower() == ".json")[:_MAX_SIDE_FILES]


def _description(path: Path) -> _Description | None:
    """Read a JSON file that describes a Keras model, None for another. Raises SecurityRefusal."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            content = file.read(safety.MAX_JSON + 1)
        except OSError:
            return None
    if b"class_name" not in content:
        return None
    try:
        config = safety.parsed(content, plain(path.name))
    except SecurityRefusal:
        raise
    except ModelError:
        return None
    if config.get("class_name") not in NETWORKS:
        return None
    return _Description(
        config, plain(path.name), _text(config.get("keras_version")), _text(config.get("backend"))
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
