# SPDX-License-Identifier: MIT
"""Files that belong to a model file of the same folder, recognised in a list of names.

Names in use, by who writes them: ``M.onnx.data`` (PyTorch, the optimiser of onnxruntime), ``M.onnx_data`` and
``M.onnx_data_1`` (Optimum), ``model.data`` (SparseML), a UUID with ``.data`` (onnx alone),
``weights.bin`` and the like (by hand); ``M.safetensors.index.json`` beside ``M-00001-of-00002.safetensors``
(Hugging Face, also ``.bin``). A file per tensor, named as the tensor, is only known from the model itself.

Options of a training stand in ``args.json``, ``args.txt``, ``model-metadata.json`` and the like beside the
weights, in a JSON file of their name, or in the folder ``trained_model_dicts`` beside theirs (FAIR4HEP).
"""

import re
from collections import defaultdict
from collections.abc import Iterable

__all__ = ["belonging", "index_of", "indexes_of", "shards_of"]

_NUMBER = r"(?:[._-]?[0-9]{1,5})?"
# After the model's name, with or without its suffix.
_DATA = re.compile(
    rf"[._-](?:(?:external[._-]?)?data|weights?|params|ext){_NUMBER}(?:\.(?:data|bin|pb|weights))?|\.bin"
)
_ANY_MODEL = re.compile(
    r"(?:model|weights?|params|external)(?:[._-]?data)?\.(?:data|bin|pb|weights)"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.data"
)
_OPTIONS = re.compile(
    r"(?:[a-z]{1,20}[_-])?(?:args|arguments|options|h?params|hyper[a-z_]{0,20}|metadata)\.(?:json|txt|ya?ml)"
)
_FOLDER_OF_OPTIONS = "trained_model_dicts/"
_PART_OF_NAME = re.compile(r"_(?:best|last)(?=_|$)")
_SHARD = re.compile(r"(.+?)-[0-9]{5}-of-[0-9]{5}(\.(?:safetensors|bin|pt|pth))")
_INDEX = re.compile(r"(.+)(\.(?:safetensors|bin|pt|pth))\.index(\.[\w-]+)?\.json")


def belonging(models: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """The `names` that belong to one of `models` in the same folder; both are paths in one repository."""
    known, others = _by_folder(models), _by_folder(names)
    parents = {folder.rstrip("/").rpartition("/")[0] for folder in known if known[folder]}
    return frozenset(
        f"{folder}{name}"
        for folder, listed in others.items()
        for name in listed - known[folder]
        if _belongs(name, known[folder], listed) or _is_beside(folder, name, parents)
    )


def _is_beside(folder: str, name: str, parents: set[str]) -> bool:
    """Tell whether a file is in the folder of options beside one of weights."""
    parent, _, last = folder.rstrip("/").rpartition("/")
    return f"{last}/" == _FOLDER_OF_OPTIONS and name.endswith(".json") and parent in parents


def _states_options(name: str, weights: set[str]) -> bool:
    """Tell whether a file has the options of weights in its folder, by its name."""
    if weights and _OPTIONS.fullmatch(name.lower()):
        return True
    stem, _, suffix = name.rpartition(".")
    plain = {_PART_OF_NAME.sub("", item, count=1) for item in weights}
    return suffix == "json" and stem in weights | {item.rpartition(".")[0] for item in weights} | plain


def _belongs(name: str, models: set[str], listed: set[str]) -> bool:
    graphs = [model for model in models if model.lower().endswith(".onnx")]
    if _states_options(name, models - set(graphs)):
        return True
    if graphs and _ANY_MODEL.fullmatch(name.lower()):
        return True
    starts = {start for graph in graphs for start in (graph, graph[: -len(".onnx")])}
    if any(name.startswith(start) and _DATA.fullmatch(name[len(start) :].lower()) for start in starts):
        return True
    return bool(shards_of(name, listed)) or index_of(name, listed) is not None


def shards_of(index: str, names: Iterable[str]) -> list[str]:
    """The shards among `names`, sorted, that an index file of this name lists; all are in its folder."""
    match = _INDEX.fullmatch(index)
    return [] if match is None else sorted(name for name in names if _key(name) == _index_key(match))


def index_of(shard: str, names: Iterable[str]) -> str | None:
    """The index file among `names` of a shard of this name, in its folder; None without one."""
    return indexes_of([shard], names).get(shard)


def indexes_of(shards: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """The index file of each of the shards that has one, as `index_of`; each name is looked at once."""
    found: dict[str, str] = {}
    for name in names:
        match = _INDEX.fullmatch(name)
        if match is not None:
            key = _index_key(match)
            found[key] = min(name, found.get(key, name))
    keys = {shard: _key(shard) for shard in shards}
    return {shard: found[key] for shard, key in keys.items() if key in found}


def _key(shard: str) -> str | None:
    match = _SHARD.fullmatch(shard)
    return f"{match[1]}{match[2]}" if match else None


def _index_key(match: re.Match[str]) -> str:
    """``model.safetensors.index.fp16.json`` lists ``model.fp16-00001-of-00002.safetensors``."""
    return f"{match[1]}{match[3] or ''}{match[2]}"


def _by_folder(names: Iterable[str]) -> dict[str, set[str]]:
    folders: dict[str, set[str]] = defaultdict(set)
    for name in names:
        folder, slash, last = name.rpartition("/")
        folders[f"{folder}{slash}"].add(last)
    return folders
