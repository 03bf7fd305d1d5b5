# SPDX-License-Identifier: MIT
"""Detection of a file's format by its first bytes, else by its name; the formats in words.

`recognition` reads more of a file that is here. Sources: the signatures in the specifications of ZIP, HDF5,
GGUF, TFLite (FlatBuffers identifier), ROOT, Parquet, NPY, safetensors and pickle, PyTorch's serialisation,
and the writers of XGBoost, LightGBM, CatBoost and TMVA.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Literal

__all__ = [
    "BARE_WEIGHTS",
    "ENSEMBLE_FORMATS",
    "HEAD_BYTES",
    "MODEL_FORMATS",
    "WORDS",
    "FileFormat",
    "format_of_head",
    "is_text",
]

FileFormat = Literal[
    "onnx",
    "safetensors",
    "zip_torch",
    "legacy_torch",
    "hdf5",
    "keras",
    "saved_model",
    "tflite",
    "gguf",
    "pickle",
    "tensorrt_plan",
    "xgboost",
    "lightgbm",
    "catboost",
    "tmva",
    "skops",
    "conifer",
    "flax",
    "npz",
    "zip",
    "tar",
    "root",
    "parquet",
    "npy",
    "lfs_pointer",
    "apple_double",
    "text",
    "unknown",
]
# The formats in words, with their article.
WORDS: Mapping[FileFormat, str] = {
    "onnx": "an ONNX model",
    "safetensors": "a safetensors file",
    "zip_torch": "a PyTorch file",
    "legacy_torch": "a PyTorch file",
    "hdf5": "an HDF5 file, the format of Keras' .h5 models and of many data sets",
    "keras": "a Keras model",
    "saved_model": "a TensorFlow graph or SavedModel",
    "tflite": "a TensorFlow Lite model",
    "gguf": "a GGUF model",
    "pickle": "a Python pickle, which could run any code",
    "tensorrt_plan": "a TensorRT plan, which fits only the GPU and the version that it was built with",
    "xgboost": "an XGBoost model",
    "lightgbm": "a LightGBM model",
    "catboost": "a CatBoost model",
    "tmva": "a TMVA model",
    "skops": "a skops file",
    "conifer": "a conifer model",
    "flax": "a Flax file of weights",
    "npz": "an archive of NumPy arrays",
    "zip": "a zip archive",
    "tar": "a tar archive",
    "root": "a ROOT file",
    "parquet": "a Parquet file",
    "npy": "a NumPy array",
    "lfs_pointer": "a pointer of Git LFS: the file itself lies on another server",
    "apple_double": "a side file of macOS, with attributes of another file and nothing of its content",
    "text": "a text file",
    "unknown": "a file of a format that fairreg does not know",
}
# Formats of whole ensembles of decision trees.
ENSEMBLE_FORMATS: frozenset[FileFormat] = frozenset({"xgboost", "lightgbm", "catboost", "tmva", "conifer"})
# Formats of trained models, or of their weights; hdf5 alone may also hold data.
MODEL_FORMATS: frozenset[FileFormat] = ENSEMBLE_FORMATS | {
    *("onnx", "safetensors", "zip_torch", "legacy_torch", "keras", "saved_model", "tflite", "gguf"),
    *("pickle", "tensorrt_plan", "skops", "flax"),
}
# Tensors without the network that they belong to.
BARE_WEIGHTS: frozenset[FileFormat] = frozenset({"safetensors", "zip_torch", "legacy_torch", "hdf5", "flax"})
HEAD_BYTES = 1024
# PyTorch's legacy format begins with its magic number, pickled: LONG1 of ten bytes (torch/serialization.py).
_LEGACY_TORCH = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_SIGNATURES: tuple[tuple[int, bytes, FileFormat], ...] = (
    (0, b"version https://git-lfs", "lfs_pointer"),
    (0, b"\0\5\x16\7", "apple_double"),  # RFC 1740, appendix B
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"GGUF", "gguf"),
    (4, b"TFL3", "tflite"),
    (0, b"root", "root"),
    (0, b"PAR1", "parquet"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"ftrt", "tensorrt_plan"),
    (0, b"CBM1", "catboost"),  # catboost/libs/model/model.cpp, GetModelFormatDescriptor
    (0, b"binf", "xgboost"),  # its old binary format, since 0.6 (learner.cc)
    (0, b"{L\0\0\0\0\0\0\0\x07learner", "xgboost"),  # Universal Binary JSON: key with a length of 64 bits
    (257, b"ustar", "tar"),
)
# Eight bytes of length, of which the last four are zero in a header that the reference implementation reads
# (100 MB at most), then JSON. It comes before shorter signatures: the length may begin as any of them does,
# a pickle or a zip, and a name in the JSON may be "ustar".
_SAFETENSORS = re.compile(rb".{4}\x00\x00\x00\x00\{", re.DOTALL)
_NEWEST_PICKLE = 5  # PEP 574
# Beginnings of texts. Sources: XGBoost's model schema, LightGBM's GBDT::SaveModelToString, TMVA's MethodBase.
_TEXTS: tuple[tuple[re.Pattern[bytes], FileFormat], ...] = (
    (re.compile(rb'\s*\{\s*"learner"\s*:\s*\{\s*"[a-z_]+"'), "xgboost"),
    (re.compile(rb"tree\r?\nversion=v\d"), "lightgbm"),
    (re.compile(rb"\s*(?:<\?xml[^>]{0,100}>\s*)?<MethodSetup\s+Method="), "tmva"),
)
# Those that the first byte of a file leaves, in their order: a record may have thousands of files.
_LATER = tuple(item for item in _SIGNATURES if item[0])
_SIGNATURES_OF = {
    first: tuple(item for item in _SIGNATURES if item[0] or item[1][:1] == first)
    for first in {signature[:1] for offset, signature, _ in _SIGNATURES if not offset}
}
_SUFFIXES: dict[str, FileFormat] = {
    ".onnx": "onnx",
    ".plan": "tensorrt_plan",
    ".engine": "tensorrt_plan",
    ".keras": "keras",
    ".pb": "saved_model",
}


def format_of_head(head: bytes, name: str) -> FileFormat:
    """Detect the format of a file called `name` that begins with `head` (some hundred bytes)."""
    if _SAFETENSORS.match(head) and not _unpickles(head):
        return "safetensors"
    for offset, signature, found in _SIGNATURES_OF.get(head[:1], _LATER):
        if head[offset : offset + len(signature)] == signature:
            return found
    suffix = Path(name).suffix.lower()
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _zip_kind(head, suffix)
    if _states_protocol(head):
        return "legacy_torch" if _LEGACY_TORCH in head[:16] else "pickle"
    text = next((found for beginning, found in _TEXTS if beginning.match(head)), None)
    return text or _SUFFIXES.get(suffix) or ("text" if is_text(head) else "unknown")


def _states_protocol(head: bytes) -> bool:
    """Tell whether bytes begin with the instruction PROTO of pickles and a protocol that exists."""
    return len(head) > 1 and head[:1] == b"\x80" and head[1] <= _NEWEST_PICKLE


def _unpickles(head: bytes) -> bool:
    """Tell whether bytes that may be a safetensors file may be unpickled too: then they are a pickle.

    Whoever opens such a file as a pickle runs what is in it, so the answer that warns is the safe one. A
    length is followed by zeros, which end a pickle unless an instruction takes them for its argument.
    """
    if not _states_protocol(head):
        return False
    import pickletools  # imported here: few files begin like this

    stream = BytesIO(head)
    names: list[str] = []
    try:
        names.extend(code.name for code, _, _ in pickletools.genops(stream))
    except (ValueError, OverflowError):
        return stream.tell() == len(head)  # cut off in an instruction, which nothing contradicts
    return names[1:] != ["STOP"]  # which stops without a value


def _zip_kind(head: bytes, suffix: str) -> FileFormat:
    if suffix == ".keras":
        return "keras"
    return "zip_torch" if b"/data.pkl" in head or suffix in {".pth", ".pt", ".ckpt"} else "zip"


def is_text(head: bytes) -> bool:
    """Tell whether bytes are the beginning of a text in UTF-8."""
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be incomplete.
        return error.start >= len(head) - 3
    return True
