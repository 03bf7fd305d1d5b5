# SPDX-License-Identifier: MIT
"""Answers on the training: settings in a file beside the weights, and results in ``model-index`` of a card.

Nothing is executed. Settings that may name a secret or a place on the author's machine are not taken.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from fairreg.formats.front_matter import lenient_mapping, split_front_matter
from fairreg.formats.model_index import evaluations
from fairreg.formats.plain_yaml import YamlFault, load_yaml, typed_yaml
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.text import counted
from fairreg.storage.files import unreadable

__all__ = ["Statement", "results_of", "settings_beside"]

# A file, its answers by question, and sentences on what is not taken from it.
Statement = tuple[str, dict[str, Any], tuple[str, ...]]
_LARGEST = 1 << 18
_MOST = 100
_LONGEST = 200
_MOST_NAMED = 5
# The more certain name first; a plain config often holds the shape of the network alone.
_NAMES = (
    re.compile(r"(?:hyper[-_]?param\w*|h_?params)\.(?:json|ya?ml)", re.IGNORECASE),
    re.compile(r"train(?:ing)?[-_]?(?:config|settings|options|args|params)\.(?:json|ya?ml)", re.IGNORECASE),
    re.compile(r"config\.(?:json|ya?ml)", re.IGNORECASE),
)
# What a plain config says about a training.
_OF_TRAINING = re.compile(
    r"optimi[sz]er|lr|.*learning_?rate|.*epochs?|.*batch_?size|.*seed|.*split|weight_?decay|momentum|dropout"
    r"|.*scheduler|.*warmup.*|loss|.*grad.*|.*beta[12s]?|early_?stopping|patience|precision|hardware|software",
    re.IGNORECASE,
)
_SECRET = re.compile(r"token|secret|passw|credential|api.?key|access.?key", re.IGNORECASE)
_OWN_PLACE = re.compile(r"(?:[A-Za-z]:)?[/\\]|~|file:|\$")


def settings_beside(folder: Path, model: PurePosixPath) -> Iterator[Statement]:
    """Yield the settings in a file beside the model or at the top of its folder, and other such files."""
    found = list(dict.fromkeys((*_files(folder, model.parent), *_files(folder, PurePosixPath()))))
    is_given = False
    for name in found:
        if is_given:
            yield str(name), {}, ("training_settings: they are taken from another file.",)
            continue
        settings, faults = _settings(folder / name)
        is_given = bool(settings)
        yield str(name), {"training_settings": settings}, faults


def _files(folder: Path, place: PurePosixPath) -> list[PurePosixPath]:
    inside = folder / place
    names = sorted(item.name for item in inside.iterdir() if item.is_file() and not item.is_symlink())
    return [place / name for pattern in _NAMES for name in names if pattern.fullmatch(name)]


def _settings(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the settings in a file, and sentences on those that are not taken."""
    with unreadable(str(path)), path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        return {}, (f"training_settings: it is larger than {_LARGEST >> 10} KiB.",)
    try:
        document = _loaded(content.decode("utf-8-sig"), is_json=path.suffix.lower() == ".json")
    except (*YamlFault, yaml.YAMLError, UnicodeDecodeError):
        return {}, ("training_settings: it cannot be read.",)
    if not isinstance(document, dict):
        return {}, ("training_settings: it is no mapping of settings.",)
    is_plain = bool(_NAMES[-1].fullmatch(path.name))
    stated = {str(name): value for name, value in document.items() if value not in (None, "", [], {})}
    taken = {name: value for name, value in stated.items() if _is_setting(name, value, only_known=is_plain)}
    taken = dict(list(taken.items())[:_MOST])
    left = [name[:_LONGEST] for name in stated if name not in taken]
    if not left:
        return taken, ()
    more = len(left) - _MOST_NAMED
    named = ", ".join(left[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return taken, (f"training_settings: {counted(len(left), 'entry', 'entries')} ({named}).",)


def _loaded(text: str, *, is_json: bool) -> Any:
    if is_json:
        return json.loads(text)
    load_yaml(text)  # bounds nesting and aliases
    return typed_yaml(text)


def _is_setting(name: str, value: Any, *, only_known: bool) -> bool:
    if only_known and not _OF_TRAINING.fullmatch(name):
        return False
    return not _SECRET.search(name) and _is_short(value) and not any(map(_is_withheld, _texts(value)))


def _is_short(value: Any) -> bool:
    try:
        return len(json.dumps(value, default=str)) <= _LONGEST
    except (ValueError, RecursionError):
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from (str(name), *_texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _is_withheld(text: str) -> bool:
    return _SECRET.search(text) is not None or _OWN_PLACE.match(text) is not None


def results_of(card: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the results in the front matter of a card as answers, and sentences on those that are none."""
    head = lenient_mapping(split_front_matter(card.split("\n"))[0])[0]
    index = JsonNode(head.get("model-index"))
    found = list(evaluations(index.items()))
    taken = [
        {"metric": item.metric, "value": _number(item.value), "dataset": item.dataset, "split": item.split}
        for item in found
        if not item.value.startswith(("{", "["))
    ]
    left = len(found) - len(taken)
    many = f"evaluations: {counted(left, 'result')} of model-index without a single value."
    none = "evaluations: its model-index has no result with a metric and a value."
    faults = (many,) if left else (none,) if head.get("model-index") and not found else ()
    return [{key: value for key, value in item.items() if value is not None} for item in taken], faults


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
