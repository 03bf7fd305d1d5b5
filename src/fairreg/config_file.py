# SPDX-License-Identifier: MIT
"""The config file: a TOML document with the settings that no environment variable sets.

Own state is input, too: a key that is no setting, and a value of another type, are refused by name. Values
are never quoted in messages, as one may be a token that stands at the wrong key.
"""

import os
import re
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from fairreg.errors import UsageError

__all__ = ["ConfigFile", "read"]

_LONGEST_FILE = 2**20  # bytes
_LONGEST_KEY = 80
_MOST_NAMED = 5
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_TYPES = {
    dict: "a table",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}
_EXPECTED = {
    "flag": ("true or false", "true"),
    "list": ("a list of texts", '["...", "..."]'),
}


class _Option(Protocol):
    """Facts on a setting that the file may state; `fairreg.settings.Option` is one."""

    @property
    def variable(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True)
class ConfigFile:
    """Settings of the file at `path`: their texts as in the environment, and their names in messages.

    Both are by variable. `faults` say what is unsafe about the file, each with the command that mends it.
    """

    path: Path
    texts: Mapping[str, str] = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    faults: tuple[tuple[str, str], ...] = ()


def read(path: Path, options: Sequence[_Option]) -> ConfigFile:
    """Read a config file that states any of `options`. Raises UsageError, which names file and key."""
    content, mode = _content(path)
    text = _decoded(path, content)
    stated = dict(_flat(_parsed(path, text)))
    known = {option.key: option for option in options if option.key is not None}
    if unknown := [key for key in stated if key not in known]:
        raise _unknown(path, text, unknown, options)
    texts = {known[key].variable: _text(path, text, known[key], value) for key, value in stated.items()}
    names = {known[key].variable: _place(path, text, key) for key in stated}
    secret = any(_is_secret(known[key], texts[known[key].variable]) for key in stated)
    faults = (_readable(path),) if secret and os.name == "posix" and mode & _FOR_OTHERS else ()
    return ConfigFile(path, texts, names, faults)


def _content(path: Path) -> tuple[bytes, int]:
    """Return the bytes of the file and its mode; the mode is that of what was read."""
    try:
        with path.open("rb") as stream:
            content, mode = stream.read(_LONGEST_FILE + 1), os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            f"The config file {path} cannot be read: {reason}.",
            hint="Check the path and its permissions; FAIRREG_CONFIG names another file.",
        ) from error
    if len(content) > _LONGEST_FILE:
        raise UsageError(
            f"The config file {path} is larger than {_LONGEST_FILE >> 20} MiB.",
            hint="FAIRREG_CONFIG names the file; docs/settings.md says what stands in it.",
        )
    return content, mode


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")  # some editors of Windows begin a file with a mark
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(
            f"The config file {path} is not UTF-8 text (line {line}).", hint="Save it as UTF-8."
        ) from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(f"The config file {path} nests too deeply.", hint=_HINT) from error
    except ValueError as error:  # of the parser, and of numbers with too many digits
        found = re.search(r"\(at (line (\d{1,9}), column \d{1,9}|end of document)\)", str(error))
        where = f" ({found[1]})" if found else ""
        line = text.splitlines()[int(found[2]) - 1 :][:1] if found and found[2] else []
        hint = _WINDOWS if any("\\" in item for item in line) else _HINT
        raise UsageError(f"The config file {path} is not TOML{where}.", hint=hint) from error


_HINT = "docs/settings.md has an example: key = value, texts in quotation marks, and [tokens] before tokens."
_WINDOWS = r"Write paths of Windows in single quotation marks: home = 'C:\Users\me\fairreg'."


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values with their keys; those of the tables of the first level as ``table.key``."""
    for key, value in document.items():
        if isinstance(value, dict) and value:
            yield from ((f"{key}.{inner}", item) for inner, item in value.items())
        elif not isinstance(value, dict) or key not in {"tokens", "urls"}:  # an empty table says nothing
            yield key, value


def _text(path: Path, whole: str, option: _Option, value: Any) -> str:
    """Return a value as its environment variable would state it. Raises UsageError for another type."""
    if option.kind == "flag" and isinstance(value, bool):
        return "1" if value else "0"
    if option.kind == "list" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        if any("," in item for item in value):
            raise UsageError(
                f"{_place(path, whole, option.key)} has an item with a comma.",
                hint="Write each as an item of its own.",
            )
        return ",".join(value)
    if option.kind not in _EXPECTED and isinstance(value, str):
        return _absolute(path, value) if option.kind == "path" and value.strip() else value
    expected, example = _EXPECTED.get(option.kind, ("a text", '"..."'))
    found = _TYPES.get(type(value), "a date or time")
    if found == expected or (option.kind == "list" and isinstance(value, list)):
        found = "a list of other values"
    name = str(option.key).rpartition(".")[2]
    raise UsageError(
        f"{_place(path, whole, option.key)} is {found}, and has to be {expected}.",
        hint=f"Write it as {name} = {example}",
    )


def _absolute(path: Path, value: str) -> str:
    """Return a path as it is meant in the file: a relative one begins at the folder of the file."""
    if value.startswith("~") or Path(value).is_absolute():
        return value
    return str(path.absolute().parent / value)


def _unknown(path: Path, text: str, keys: Sequence[str], options: Sequence[_Option]) -> UsageError:
    """Return the error that names the unknown keys, with the one that the first may be meant to be."""
    named = ", ".join(_shown(text, key) for key in keys[:_MOST_NAMED])
    more = f" and {len(keys) - _MOST_NAMED} more" if keys[_MOST_NAMED:] else ""
    subject = "an unknown setting" if len(keys) == 1 else "unknown settings"
    return UsageError(f"The config file {path} has {subject}: {named}{more}.", hint=_meant(keys[0], options))


def _meant(key: str, options: Sequence[_Option]) -> str:
    from difflib import get_close_matches

    by_variable = {option.variable: option.key for option in options}
    last = key.rpartition(".")[2].upper()
    if last in by_variable and by_variable[last] is None:
        return f"{last} names the file, so it is set in the environment only."
    if last in by_variable:
        return f"The key of {last} is {by_variable[last]}."
    known = [option.key for option in options if option.key is not None]
    near = get_close_matches(key[:_LONGEST_KEY], known, n=1, cutoff=0.6)
    near = near or [name for name in known if name.rpartition(".")[2] == key]
    if near:
        return f"Did you mean {near[0]}?"
    return "docs/settings.md lists all keys."


def _shown(text: str, key: str) -> str:
    line = _line_of(text, key)
    return key[:_LONGEST_KEY] + (f" (line {line})" if line else "")


def _place(path: Path, text: str, key: str | None) -> str:
    line = _line_of(text, str(key))
    return f"{key} in the config file {path}" + (f" (line {line})" if line else "")


def _line_of(text: str, key: str) -> int | None:
    """Return the line of a key; None where it is written in a way that is not looked for."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*[\"']?([^\"'\]]*?)[\"']?\s*\]", line):
            table = f"{header[1]}."
        elif (stated := re.match(r"\s*([\w.\"'-]{1,100}?)\s*=", line)) and (
            table + re.sub(r"[\"']", "", stated[1]) == key or table + stated[1] == f"{key}."
        ):
            return number
    return None


def _is_secret(option: _Option, text: str) -> bool:
    """Tell whether a setting is a token, or an address with a user or password."""
    return bool(text) and (option.kind == "token" or (option.kind in {"url", "list"} and "@" in text))


def _readable(path: Path) -> tuple[str, str]:
    return (
        f"The config file {path} holds a token or password and other users may read it",
        f"chmod 600 {shlex.quote(str(path))}",
    )
