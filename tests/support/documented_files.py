# SPDX-License-Identifier: MIT
"""Files that pages of the documentation take for granted: the reader's own models and inputs."""

import json
import shutil
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np
from onnx import helper

from support import side_file_graphs
from support.small_graphs import model, tensor
from support.toy import toy_jets, write_prepared
from support.tree_models import xgboost_model
from support.vectors import X, onnx_tests

__all__ = ["GIVEN", "PREPARED"]

_REFERENCE = files("fairreg.models.hbb_in").joinpath("weights")


def _reference(folder: Path, name: str = "reference.onnx") -> None:
    """Copy the packaged weights."""
    suffix = Path(name).suffix
    (folder / name).write_bytes(_REFERENCE.joinpath(f"reference{suffix}").read_bytes())


def _inputs(folder: Path) -> None:
    """Write a model of one input, its events, and jets."""
    shape = ["N", 3]
    node = helper.make_node("Relu", ["x"], ["y"])
    (folder / "model.onnx").write_bytes(model([node], [tensor("x", shape=shape)], [tensor("y", shape=shape)]))
    np.savez(folder / "events.npz", x=np.ones((4, 3), "f4"))
    _jets(folder)


def _jets(folder: Path) -> None:
    """Write some of the packaged jets as HDF5."""
    import h5py

    from fairreg.models.hbb_in.inputs import sample

    jets = sample()
    with h5py.File(folder / "jets.h5", "w") as file:
        for name in ("tracks", "vertices", "labels"):
            file[name] = getattr(jets, name)[:50]


def _classifier(folder: Path) -> None:
    """Write a model with an output `probabilities`, and its input."""
    node = helper.make_node("Softmax", ["x"], ["probabilities"])
    shape = ["N", 3]
    made = model([node], [tensor("x", shape=shape)], [tensor("probabilities", shape=shape)])
    (folder / "classifier.onnx").write_bytes(made)


def _tree(folder: Path) -> None:
    xgboost_model(folder / "model.json")


def _registry(folder: Path) -> None:
    """Make a registry, and copies where the page has its backups."""
    from fairreg import Registry

    with Registry(f"sqlite:///{folder / 'registry.sqlite'}"):
        pass


def _answers(folder: Path) -> None:
    """Write the answers that docs/project-template.md shows."""
    from support.code_blocks import ROOT, blocks

    page = ROOT / "docs/project-template.md"
    (text,) = [block.text for block in blocks(page) if block.language == "yaml"]
    (folder / "answers.yml").write_text(text, encoding="utf-8")


def _own_record(folder: Path) -> None:
    """Write the record that docs/how-to/own-records.md shows."""
    from support.code_blocks import ROOT, blocks

    page = ROOT / "docs/how-to/own-records.md"
    (text,) = [block.text for block in blocks(page) if block.language == "json"]
    (folder / "tagger.json").write_text(text, encoding="utf-8")


def _side_files(folder: Path) -> None:
    side_file_graphs.save_external(folder / "tagger.onnx")


def _inspected(folder: Path) -> None:
    _reference(folder, "model.safetensors")
    shutil.move(folder / "model.safetensors", folder / "model.pt")


def _model(folder: Path) -> None:
    """Write a model of one's own, to compare with a published one."""
    _reference(folder, "model.onnx")


def _judged(folder: Path) -> None:
    """Write what the commands of the reference compare and validate."""
    _model(folder)
    _described(folder)


def _described(folder: Path) -> None:
    """Write a record as linked data."""
    from support.full_record import FULL

    (folder / "model.jsonld").write_text(json.dumps(FULL.to_jsonld()), encoding="utf-8")


def _run(folder: Path) -> None:
    """Write what the commands of the reference run, with test vectors beside the model."""
    for name, content in onnx_tests().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    np.savez(folder / "events.npz", x=X)
    _inspected(folder)


def _trained(folder: Path) -> None:
    """Write weights where `fairreg hbb train` leaves them, and jets."""
    (folder / "trained").mkdir()
    for suffix in ("onnx", "safetensors"):
        _reference(folder / "trained", f"weights.{suffix}")
    write_prepared(folder / "test.h5", toy_jets(200, 3))


PREPARED: Mapping[str, Callable[[Path], None]] = {
    "backup-and-upgrade.md": _registry,
    "how-to/own-records.md": _own_record,
    "how-to/verify.md": _reference,
    "inputs.md": _inputs,
    "inspect.md": _inspected,
    "lock.md": _model,
    "onnx.md": _classifier,
    "project-template.md": _answers,
    "reference/commands/get-and-run.md": _run,
    "reference/commands/judge.md": _judged,
    "reference/commands/keep-a-registry.md": _described,
    "reference/commands/the-hbb-network.md": _trained,
    "side-files.md": _side_files,
    "trees.md": _tree,
    "triton.md": _inputs,
}
# Names that the Python of a page takes for granted.
GIVEN: Mapping[str, str] = {
    "fingerprints.md": "from importlib.resources import files\n"
    "path = files('fairreg.models.hbb_in') / 'weights/reference.onnx'",
    "onnx.md": "import numpy\nx = numpy.ones((4, 3), 'float32')",
    "trees.md": "import numpy\nx = numpy.ones((4, 5), 'float32')",
}
