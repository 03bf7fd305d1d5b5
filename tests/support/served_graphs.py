# SPDX-License-Identifier: MIT
"""ONNX graphs for a server of models: every datatype, several outputs, rows that depend on each other."""

from pathlib import Path

import numpy as np
from onnx import helper

from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from support.networks import random_jets, random_tensors
from support.small_graphs import ML, model, sequence_of, tensor, zip_map

__all__ = ["KINDS", "arrays", "write"]

# ONNX's element types and numpy's.
KINDS = {
    **{f"{sign}INT{bits}": f"{sign}int{bits}".lower() for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "BOOL": "bool",
    "FLOAT16": "float16",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "STRING": "S",
}


_SMALL = Hyperparameters(track_features=30, vertex_features=14, hidden=7, d_e=4, d_o=6)


def write(folder: Path) -> dict[str, Path]:
    """Write the graphs into a folder; return them by the names that the server gives them."""
    content = {
        "kinds": _kinds(),
        "softmax": _softmax(),
        "classes": zip_map(["b", "c", "light"]),
        "parts": _parts(),
        "jets.v1": onnx_bytes(random_tensors(_SMALL)),
    }
    for name, graph in content.items():
        (folder / f"{name}.onnx").write_bytes(graph)
    return {name: folder / f"{name}.onnx" for name in content}


def arrays(name: str, rows: int = 5) -> dict[str, np.ndarray]:
    """Inputs by name for one of the graphs."""
    random = np.random.default_rng(7)
    if name == "jets.v1":
        return dict(zip(("input_cpf", "input_sv"), random_jets(rows, _SMALL), strict=True))
    if name == "kinds":
        return {f"x_{kind}": _values(random, dtype, rows) for kind, dtype in KINDS.items()}
    columns = {"softmax": 4, "classes": 3, "parts": 2}[name]
    return {"x": random.normal(size=(rows, columns)).astype(np.float32)}


def _values(random, dtype, rows):
    if dtype == "S":
        return np.array([[f"{row} é".encode(), b""] for row in range(rows)])
    if dtype == "bool":
        return random.integers(0, 2, (rows, 2)).astype(bool)
    if dtype.startswith("float"):
        return random.normal(size=(rows, 2)).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, (rows, 2), dtype=dtype, endpoint=True)


def _kinds() -> bytes:
    nodes = [helper.make_node("Identity", [f"x_{kind}"], [f"y_{kind}"]) for kind in KINDS]
    given, made = ([tensor(f"{end}_{kind}", kind, ["N", 2]) for kind in KINDS] for end in "xy")
    return model(nodes, given, made)


def _softmax() -> bytes:
    """Over the rows: in pieces the numbers would be others."""
    return model(
        [helper.make_node("Softmax", ["x"], ["y"], axis=0)],
        [tensor("x", shape=["N", 4])],
        [tensor("y", shape=["N", 4])],
    )


def _parts() -> bytes:
    """A sequence whose items differ in shape: pieces of two rows of the input."""
    length = helper.make_tensor("length", 7, [], [2])
    return model(
        [helper.make_node("SplitToSequence", ["x", "length"], ["y"], axis=0)],
        [tensor("x", shape=["N", 2])],
        [sequence_of("y")],
        initializers=[length],
        domains=((ML, 3),),
    )
