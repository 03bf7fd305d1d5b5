# SPDX-License-Identifier: MIT
"""A small folder of a model to publish, with one file of each kind that carries an identifier."""

import hashlib
import json
from pathlib import Path

from onnx import TensorProto, helper

from fairreg.services.publish.project import read_project
from fairreg.services.publish.selection import select

__all__ = [
    "CITATION",
    "NAMES",
    "SECRETS",
    "faults",
    "model_folder",
    "onnx_bytes",
    "raise_version",
    "read_written",
    "requests",
]

# Files of the folder that are published.
NAMES = {
    ".zenodo.json",
    "CITATION.cff",
    "LICENSE",
    "README.md",
    "codemeta.json",
    "fair4ml.jsonld",
    "models/toy.onnx",
    "src/toy/train.py",
}

CITATION = """\
cff-version: 1.2.0
message: Please cite it.   # kept as it is
title: "A toy tagger"
version: '1.0'
authors:
  - family-names: Rossi
    given-names: Ada
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: "CERN"
license: MIT
date-released: 2026-11-02
keywords: [jets, tagging]
repository-code: https://github.com/lab/toy-tagger
"""
README = """\
---
license: mit
library_name: onnx
pipeline_tag: tabular-classification
datasets:
- 10.5281/zenodo.1000
---
# A toy tagger

It tells toy jets apart.

## Intended use

Tests of programs.

## Limitations

It knows toy jets only.
"""
# Files that are never sent: path -> content.
SECRETS = {
    ".env": "ZENODO_TOKEN=abc",
    ".git/config": "[remote]",
    "data/jets.csv": "1,2",
    "src/__pycache__/a.pyc": "x",
    "notes.txt": "hf_" + "a" * 34,
    "api_token.txt": "x",
}


def onnx_bytes(name: str = "relu") -> bytes:
    """A model of one operator, with a property of its own."""
    value = [helper.make_tensor_value_info(letter, TensorProto.FLOAT, ["items", 3]) for letter in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], name, value[:1], value[1:])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, {"name": name})
    return model.SerializeToString(deterministic=True)


def model_folder(folder: Path, *, large: int = 0) -> Path:
    """Write the folder; with `large` it has one more weight file of this size."""
    model = onnx_bytes()
    files = {
        "CITATION.cff": CITATION,
        "README.md": README,
        "codemeta.json": json.dumps(
            {
                "@context": "https://w3id.org/codemeta/3.0",
                "@type": "SoftwareSourceCode",
                "name": "A toy tagger",
                "version": "1.0",
            },
            indent=4,
        ),
        ".zenodo.json": '{"title": "A toy tagger",\n  "upload_type": "software"}\n',
        "fair4ml.jsonld": json.dumps(
            {
                "@context": {"@vocab": "http://schema.org/", "fair4ml": "https://w3id.org/fair4ml#"},
                "@type": "fair4ml:MLModel",
                "name": "A toy tagger",
                "description": "A tagger of toy jets, < 1 kB.\n\nIt is small.",
                "distribution": [
                    {
                        "@type": "DataDownload",
                        "name": "models/toy.onnx",
                        "contentSize": len(model),
                        "sha256": hashlib.sha256(model).hexdigest(),
                    }
                ],
            },
            indent=2,
        ),
        "src/toy/train.py": "print('training')\n",
        "LICENSE": "MIT License\n",
        **SECRETS,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    (folder / "models").mkdir()
    (folder / "models" / "toy.onnx").write_bytes(model)
    if large:
        (folder / "models" / "large.safetensors").write_bytes(bytes(range(256)) * (large // 256))
    return folder


def raise_version(folder: Path) -> None:
    """Raise the version of the folder, from 1.0 to 1.1 and so on."""
    for name in ("CITATION.cff", "codemeta.json"):
        text = (folder / name).read_text("utf-8")
        for quote in "'\"":
            for minor in reversed(range(9)):
                text = text.replace(f"{quote}1.{minor}{quote}", f"{quote}1.{minor + 1}{quote}")
        (folder / name).write_text(text, "utf-8")


def requests(stand, part, method=None):
    """Return the paths with `part` that a stand-in was asked for, by one method or any."""
    return [path for kind, path in stand.asked if part in path and method in {None, kind}]


def read_written(folder, files, exclude=()):
    """Write files beside a model into a folder, and read it as `publish` does."""
    for name, content in {"models/a.onnx": onnx_bytes(), **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_project(folder, select(folder, exclude=exclude).names)


def faults(found):
    """What keeps a folder that was read from being published."""
    return [item.message for item in found.faults]
