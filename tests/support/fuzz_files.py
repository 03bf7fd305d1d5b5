# SPDX-License-Identifier: MIT
"""Targets of the fuzz campaign that are files: archives, checkpoints, ONNX models and arrays."""

import io
import random
import shutil
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import FairregError
from fairreg.runners import onnx
from fairreg.runners.weights import candidates, read_tensors
from fairreg.runners.weights.onnx import signature
from fairreg.services.run.predict import read_arrays
from fairreg.storage.archive import is_archive, unpack
from support import hbb
from support.fuzzing import LETTERS, Target, damaged, spoiled
from support.small_graphs import zip_map
from support.weight_files import Files

__all__ = ["file_targets"]


def file_targets(folder: Path) -> tuple[Target, ...]:
    """The targets, whose files lie in folders of their own below `folder`."""
    return (
        Target("archives", _archive, partial(_take_archive, folder / "archives"), seconds=4.0),
        Target("checkpoints", _checkpoint, partial(_take_weights, folder / "checkpoints"), seconds=4.0),
        Target("onnx", _onnx, partial(_take_onnx, folder / "onnx"), seconds=4.0),
        Target("npz", _npz, partial(_take_npz, folder / "npz"), seconds=4.0),
    )


_ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(3, np.float32)}


@cache
def _archives() -> tuple[tuple[str, bytes], ...]:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("top/a.onnx", "top/README.md", "b.bin"):
            archive.writestr(name, bytes(200))
    made = [("a.zip", zipped.getvalue()), ("a.zip", hbb.archive({"README.md": b"# x"}))]
    for suffix, mode in (("tar", "w"), ("tar.gz", "w:gz"), ("tar.bz2", "w:bz2"), ("tar.xz", "w:xz")):
        stream = io.BytesIO()
        with tarfile.open(mode=mode, fileobj=stream) as archive:  # type: ignore[call-overload]
            for name, kind in (("top/a.onnx", tarfile.REGTYPE), ("link", tarfile.SYMTYPE), ("é" * 60, b"0")):
                member = tarfile.TarInfo(name)
                member.type, member.linkname = kind, "top/a.onnx" if kind == tarfile.SYMTYPE else ""
                member.size = 0 if kind == tarfile.SYMTYPE else 300
                if kind != tarfile.SYMTYPE or suffix == "tar.gz":
                    archive.addfile(member, io.BytesIO(bytes(member.size)))
        made.append((f"a.{suffix}", stream.getvalue()))
    return tuple(made)


def _spoiled_file(files: tuple[tuple[str, bytes], ...], chance: random.Random) -> tuple[str, bytes]:
    """A damaged file; of a zip every other time what is inside, so that its checksums are right."""
    name, content = chance.choice(files)
    other = chance.choice(files)[1]
    if zipfile.is_zipfile(io.BytesIO(content)) and chance.random() < 0.5:
        return name, _packed_again(content, chance, other)
    return name, damaged(content, chance, other)


def _packed_again(content: bytes, chance: random.Random, other: bytes) -> bytes:
    made = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w") as new,
    ):
        members = old.infolist()
        spoiled_one = chance.choice(members)
        for item in members:
            inside, name = old.read(item), item.filename
            if item is spoiled_one and chance.random() < 0.8:
                inside = damaged(inside, chance, other)
            elif item is spoiled_one:
                name = (
                    spoiled(name, chance, (*LETTERS[:60], "../", "/", "a" * 300))
                    .encode("utf-8", "replace")
                    .decode()
                )
            new.writestr(zipfile.ZipInfo(name), inside, item.compress_type)
    return made.getvalue()


def _archive(chance: random.Random) -> tuple[str, bytes]:
    return _spoiled_file(_archives(), chance)


def _take_archive(folder: Path, given: tuple[str, bytes]) -> None:
    name, content = given
    (folder / name).write_bytes(content)
    try:
        # zipfile warns of names that it repeats.
        with warnings.catch_warnings(action="ignore"):
            if is_archive(folder / name):
                unpack(folder / name, folder / "out")
    finally:
        left = {path.name for path in folder.iterdir()}
        shutil.rmtree(folder / "out", ignore_errors=True)
        for path in folder.iterdir():
            path.unlink()
        # The manifest and a note on what was left out may stand beside the folder.
        assert all(item in {name, "out"} or item.startswith("out.") for item in left), left


@cache
def _checkpoints() -> tuple[tuple[str, bytes], ...]:
    files = Files()
    return (
        ("a.pth", files.legacy(_ARRAYS)),
        ("a.pt", files.zipped(_ARRAYS)),
        ("a.pt", files.zipped(_ARRAYS, compression=zipfile.ZIP_DEFLATED)),
        ("a.safetensors", files.safetensors(_ARRAYS)),
        ("model.safetensors.index.json", b'{"metadata": {}, "weight_map": {"a": "a.safetensors"}}'),
    )


def _checkpoint(chance: random.Random) -> tuple[str, bytes]:
    return _spoiled_file(_checkpoints(), chance)


def _take_weights(folder: Path, given: tuple[str, bytes]) -> None:
    name, content = given
    (folder / name).write_bytes(content)
    for array in read_tensors(folder / name).values():
        assert array.nbytes < 2**26
    candidates(folder / name)


@cache
def _graphs() -> tuple[bytes, ...]:
    return Files().onnx(_ARRAYS), zip_map([0, 1])


def _onnx(chance: random.Random) -> bytes:
    return damaged(chance.choice(_graphs()), chance, chance.choice(_graphs()))


def _take_onnx(folder: Path, content: bytes) -> None:
    path = folder / "a.onnx"
    path.write_bytes(content)
    read: list[Callable[[Path], Any]] = [signature, read_tensors, onnx.load]
    refused = []
    for reader in read:
        try:
            reader(path)
        except FairregError as error:
            refused.append(error)
    if refused:
        raise refused[0]


@cache
def _array_files() -> tuple[tuple[str, bytes], ...]:
    made = []
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, **_ARRAYS, names=np.array(["x", "yy"]))
        made.append(("a.npz", stream.getvalue()))
    stream = io.BytesIO()
    np.save(stream, _ARRAYS["a"])
    return (*made, ("a.npy", stream.getvalue()))


def _npz(chance: random.Random) -> tuple[str, bytes, tuple[int, int | None]]:
    name, content = _spoiled_file(_array_files(), chance)
    rows = chance.choice(((0, None), (0, None), (1, 2), (0, 10**9)))
    return name, content, rows


def _take_npz(folder: Path, given: tuple[str, bytes, tuple[int, int | None]]) -> None:
    name, content, rows = given
    path = folder / name
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Reading `.npy`")  # numpy's advice on files of Python 2
        read_arrays(path, ["a", "b"], *rows)
