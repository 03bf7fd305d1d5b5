# SPDX-License-Identifier: MIT
"""Weights in several files (shards) that an index file names: ``model.safetensors.index.json`` and the like.

The index is JSON: ``weight_map`` maps the name of each tensor to the file that holds it, beside the index.
Source: ``save_pretrained`` of transformers, https://huggingface.co/docs/transformers/big_models.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from fairreg.errors import ModelError, SecurityRefusal

__all__ = ["index_of", "knows", "shards"]

_SUFFIX = ".index.json"
_MAX_INDEX = 64 << 20  # bytes
_MAX_SHARDS = 10_000
_LONGEST_NAME = 255  # bytes of a file name that most file systems take


def knows(path: Path) -> bool:
    """Tell whether a file is the index of a sharded checkpoint by its name."""
    return path.name.lower().endswith(_SUFFIX)


def index_of(path: Path) -> dict[str, list[str]]:
    """Read an index: the names of the shards in order, each with the tensors that it should hold.

    Raises ModelError for another content, SecurityRefusal for a shard outside the folder of the index.
    """
    try:
        if path.stat().st_size > _MAX_INDEX:
            raise ModelError(
                f"{path.name} exceeds the limit of {_MAX_INDEX >> 20} MiB for an index of shards."
            )
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} is not an index of shards: it is not valid JSON.") from error
    weight_map = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelError(f"{path.name} is not an index of shards: it has no weight_map of tensors to files.")
    return _by_shard(path.name, weight_map)


def _by_shard(index: str, weight_map: Mapping[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tensor, shard in weight_map.items():
        if not isinstance(shard, str):
            raise ModelError(f"{index} is not an index of shards: it names no file for {tensor!r}.")
        if shard.lower().endswith(_SUFFIX):
            raise ModelError(f"{index} names {shard!r}, which is another index, as a file with tensors.")
        if not _is_plain(shard):
            raise SecurityRefusal(
                f"{index} names {shard[:_LONGEST_NAME]!r}, which is not a plain name of a file beside it.",
                hint="Save the model with its shards in one folder.",
            )
        found.setdefault(shard, []).append(tensor)
    if len(found) > _MAX_SHARDS:
        raise ModelError(f"{index} names {len(found):,} files; the limit is {_MAX_SHARDS:,}.")
    return dict(sorted(found.items()))


def _is_plain(name: str) -> bool:
    """Tell whether this can be the name of a file beside the index, and be shown as it is."""
    if name in {"", ".", ".."} or not name.isprintable():
        return False
    return {"/", "\\", ":"}.isdisjoint(name) and len(name.encode()) <= _LONGEST_NAME


def shards(path: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield the shards of an index, which lie beside it, with their tensors.

    Raises as `index_of`, ModelError for a missing shard, SecurityRefusal for one that links elsewhere.
    """
    for name, tensors in index_of(path).items():
        shard = path.parent / name
        if not shard.is_file():
            raise ModelError(
                f"{name} is missing, which {path.name} names as a part of the model.",
                hint=f"Put {name} beside {path.name}.",
            )
        # Caches of the Hugging Face Hub hold an index and its shards as links into one folder.
        if shard.resolve().parent != path.resolve().parent:
            raise SecurityRefusal(
                f"{name} is a link to a file in another folder than {path.name}, which is not followed.",
                hint="Copy the shards into the folder of the index.",
            )
        yield shard, tensors
