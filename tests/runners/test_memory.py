# SPDX-License-Identifier: MIT
"""Memory of a process that recognises and fingerprints a file: it does not grow with the file."""

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fairreg.runners.weights import fingerprint, fingerprint_of, read_tensors, view_tensors
from fairreg.runners.weights.tensors import _blocks
from support.weight_files import MAGIC, PROTOCOL, Files

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs VmHWM of Linux")
MIB = 2**20
FREE = 150  # MiB that a command may take for a file of any size, its programs and libraries included
SMALL, LARGE = 48 * MIB, 160 * MIB

# Peaks of a process in MiB: before, and after what a fetch does with a weight file.
MEASURE = r"""
import re, sys
from pathlib import Path
import fairreg.services.api
from fairreg import models
from fairreg.runners.weights import candidates, content_digest
from fairreg.services.inspect.inspect import inspect_file

def peak():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024

path = Path(sys.argv[1])
models.recognise(path), candidates(path), content_digest(path)
if len(sys.argv) > 2:
    inspect_file(path, path.parent / "engines")
print(peak())
"""


def peak(path: Path, *more: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), *more],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def sparse_safetensors(path: Path, size: int, parts: int = 4) -> Path:
    """A file of zeros with `parts` tensors, which takes no room on most disks."""
    each = size // parts // 4 * 4
    header = {
        f"t{number}": {
            "dtype": "F32",
            "shape": [each // 4],
            "data_offsets": [number * each, (number + 1) * each],
        }
        for number in range(parts)
    }
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + parts * each)
    return path


def zipped(path: Path, size: int, compression: int = zipfile.ZIP_STORED, *, transposed: bool = False) -> Path:
    """A checkpoint of one matrix of `size` bytes, as torch.save writes it; zeros in part."""
    rows, op = size // 4 // 1024, Files.op
    strides = (1, rows) if transposed else (1024, 1)
    tensor = op.tensor(op.storage("FloatStorage", "0", rows * 1024), (rows, 1024), strides)
    block = np.random.default_rng(1).bytes(MIB // 16) * 16
    with zipfile.ZipFile(path, "w", compression, compresslevel=1) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + op.mapping({"w": tensor}) + b".")
        archive.writestr("archive/version", "3\n")
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(size // MIB):
                member.write(block)
    return path


def legacy(path: Path, size: int) -> Path:
    rows, op = size // 4 // 1024, Files.op
    storage = op.storage("FloatStorage", "0", rows * 1024, op.none)
    state = b"\x80\x02" + op.mapping({"w": op.tensor(storage, (rows, 1024), (1024, 1))}) + b"."
    heads = (MAGIC, PROTOCOL, {"little_endian": True})
    with path.open("wb") as file:
        file.write(b"".join(pickle.dumps(item, 2) for item in heads) + state + pickle.dumps(["0"], 2))
        file.write(struct.pack("<q", rows * 1024))
        file.truncate(file.tell() + size)
    return path


WRITERS = {
    "x.safetensors": sparse_safetensors,
    "x.pth": zipped,
    "transposed.pth": lambda path, size: zipped(path, size, transposed=True),
    "deflated.pth": lambda path, size: zipped(path, size, zipfile.ZIP_DEFLATED),
    "legacy.pt": legacy,
}


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "name", [*list(WRITERS)[:2], *(pytest.param(name, marks=pytest.mark.long) for name in list(WRITERS)[2:])]
)
def test_a_larger_file_takes_no_more_memory(tmp_path, name):
    small, large = (tmp_path / f"{size}-{name}" for size in (SMALL, LARGE))
    WRITERS[name](small, SMALL)
    WRITERS[name](large, LARGE)
    peaks = peak(small, "inspect"), peak(large, "inspect")
    assert peaks[1] < peaks[0] + 40
    assert peaks[1] < FREE


@pytest.mark.long
@pytest.mark.parametrize("name", ["x.safetensors", "x.pth"])
def test_a_file_of_more_than_4_gib_is_recognised_and_fingerprinted_in_little_memory(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, 4096 * MIB + 8 * MIB)
    assert path.stat().st_size > 4 << 30
    assert peak(path) < FREE
    assert fingerprint(path).startswith("sha256:")


@pytest.mark.parametrize("name", WRITERS)
def test_views_and_copies_of_a_file_hold_the_same(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, 8 * MIB)
    views, copies = view_tensors(path), read_tensors(path)
    assert list(views) == list(copies)
    assert all(views[key].tobytes() == copies[key].tobytes() for key in copies)
    assert fingerprint_of(views) == fingerprint_of(copies) == fingerprint(path)


def test_a_copy_stays_when_the_file_is_written_again(tmp_path):
    path = sparse_safetensors(tmp_path / "x.safetensors", MIB)
    kept = read_tensors(path)
    path.write_bytes(b"other")
    assert not kept["t0"].any()


@pytest.mark.parametrize("released", [None, lambda: None])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=">i4").reshape(3, 4),
        np.arange(2**21, dtype="<f4").reshape(1024, 2048).T,
        np.arange(2**21, dtype="<f4").reshape(64, 128, 256).transpose(1, 2, 0),
        np.broadcast_to(np.float32(2), (4096, 512)),
        np.arange(2**21, dtype="<f8")[::2],
        np.zeros((0, 3)),
        np.float32(7).reshape(()),
    ],
)
def test_the_blocks_of_an_array_are_its_bytes_in_order(array, released):
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    assert b"".join(map(bytes, _blocks(array, released))) == little.tobytes()
