# SPDX-License-Identifier: MIT
"""Models in binary formats of their own, by their first bytes and the few that state a version.

Sources: XGBoost's learner.cc (LearnerModelParamLegacy, 136 bytes, then objective and booster with their
lengths) and common/json.cc (Universal Binary JSON), the GGUF specification (ggml/docs/gguf.md), TFLite's
schema.fbs, the safetensors format, flax/serialization.py (extension 1 of MessagePack: shape, type, bytes).
"""

import re
import struct
from collections.abc import Mapping
from pathlib import Path

from fairreg.schemas.text import one_line
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition.description import FormatDescription
from fairreg.storage.recognition.json_members import members, text
from fairreg.storage.recognition.msgpack import is_flax

__all__ = ["describe"]

_UBJ = b"{L\0\0\0\0\0\0\0\x07learner"
_FLAX = FormatDescription("flax", "a Flax file of weights (MessagePack)", "Flax", weights=True)
_LEGACY = "a PyTorch file (legacy format, before 1.6)"
# Formats whose signature says all that is read here.
_SIGNED: Mapping[FileFormat, FormatDescription] = {
    "legacy_torch": FormatDescription("legacy_torch", _LEGACY, "PyTorch", weights=True),
    "tflite": FormatDescription("tflite", "a TensorFlow Lite model", "TensorFlow Lite"),
    "catboost": FormatDescription("catboost", "a CatBoost model (.cbm)", "CatBoost"),
}
_TAIL = 64
_PARAMETERS = 136
_BOOSTERS = frozenset({b"gbtree", b"dart", b"gblinear"})
_MAX_HEADER = 16 << 20
_GGUF_HEADER = 24
_GGUF_STRING = 8
_MAX_TEXTS = 4


def describe(path: Path, head: bytes, known: FileFormat) -> FormatDescription | None:
    """Recognise a binary model by its first bytes `head`; `known` is what its signature says."""
    if head.startswith(_UBJ):
        return _xgboost_ubj(path)
    if known == "gguf":
        return _gguf(head)
    if known == "safetensors":
        return _safetensors(path)
    if known in _SIGNED:
        return _SIGNED[known]
    old = _xgboost_old(head)
    return _FLAX if old is None and is_flax(path, head) else old


def _xgboost_ubj(path: Path) -> FormatDescription:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _TAIL, 0))
        tail = file.read()
    found = re.search(rb"version\[#L\0{7}\x03i(.)i(.)i(.)\}?$", tail, re.DOTALL)
    version = ".".join(str(part[0]) for part in found.groups()) if found else None
    words = "an XGBoost model (UBJ, Universal Binary JSON)"
    return FormatDescription("xgboost", words, "XGBoost", version)


def _xgboost_old(head: bytes) -> FormatDescription | None:
    """The binary format of XGBoost before 3.1, with or without its four bytes of signature."""
    start = 4 if head.startswith(b"binf") else 0
    if len(head) < start + _PARAMETERS + 8:
        return None
    features, classes, _, _, major, minor = struct.unpack_from("<IiiiII", head, start + 4)
    objective, place = _counted_text(head, start + _PARAMETERS)
    booster, _ = _counted_text(head, place)
    if booster not in _BOOSTERS or not re.fullmatch(rb"[a-z]{2,20}:[a-z_0-9]{2,40}", objective):
        return None
    facts: dict[str, str | int] = {
        "booster": booster.decode(),
        "objective": objective.decode(),
        "features": features,
        "classes": classes,
    }
    version = f"{major}.{minor}" if 0 < major < 10 else None  # noqa: PLR2004  zeros before 1.0
    words = "an XGBoost model (old binary format, which new versions of XGBoost no longer read)"
    step = (
        f"Load it with XGBoost {version or 'before 3'}, and save it as JSON: model.save_model('model.json')."
    )
    return FormatDescription("xgboost", words, "XGBoost", version, facts, next_step=step)


def _counted_text(head: bytes, place: int) -> tuple[bytes, int]:
    """A text after its length in eight bytes, and the place behind it; empty where it is too long."""
    if place + 8 > len(head):
        return b"", place
    length = struct.unpack_from("<Q", head, place)[0]
    if length > 60:  # noqa: PLR2004  names are short
        return b"", place
    return head[place + 8 : place + 8 + length], place + 8 + length


def _gguf(head: bytes) -> FormatDescription:
    if len(head) < _GGUF_HEADER:
        return FormatDescription("gguf", "a GGUF model", note="The file is cut off.")
    version, tensors, _ = struct.unpack_from("<IQQ", head, 4)
    facts: dict[str, str | int] = {"format version": version, "tensors": tensors}
    facts.update(_gguf_texts(head))
    return FormatDescription("gguf", "a GGUF model", "GGML", facts=facts)


def _gguf_texts(head: bytes) -> Mapping[str, str]:
    """The first texts that the file states of itself, such as its architecture."""
    found: dict[str, str] = {}
    place = _GGUF_HEADER
    while place + 8 <= len(head) and len(found) < _MAX_TEXTS:
        key, place = _counted_text(head, place)
        if not key or place + 4 > len(head) or struct.unpack_from("<I", head, place)[0] != _GGUF_STRING:
            break
        value, place = _counted_text(head, place + 4)
        if not value:
            break
        name = key.decode("utf-8", "replace").removeprefix("general.")
        found[one_line(name)] = one_line(value.decode("utf-8", "replace"))
    return found


def _safetensors(path: Path) -> FormatDescription:
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = file.read(length) if length <= _MAX_HEADER else None
    metadata = members(members(header, "__metadata__").get("__metadata__"), "format")
    framework = {"pt": "PyTorch", "tf": "TensorFlow", "flax": "Flax", "np": "NumPy", "mlx": "MLX"}
    made_by = framework.get(text(metadata, "format") or "")
    return FormatDescription("safetensors", "a safetensors file", made_by, weights=True)
