# SPDX-License-Identifier: MIT
"""Names of files that every file system takes, made of published ones.

Published names come from Linux, Windows and macOS, and from forms. On disk a name has to be safe (without
separators, control characters and the names that Windows reserves) and different from its neighbours, also
where a file system ignores case or how accents are encoded. An ordinary name stays as it is. The rules are
those of Windows, the strictest (https://learn.microsoft.com/windows/win32/fileio/naming-a-file), and hold on
every machine, so that a folder can be copied anywhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import PurePosixPath
from unicodedata import category, normalize

__all__ = ["HIDDEN_BUT_PUBLIC", "distinct_places", "name_key", "safe_name", "safe_part"]

# Names at the top of a project that begin with a dot and belong to it.
HIDDEN_BUT_PUBLIC = frozenset({".zenodo.json", ".github", ".gitignore", ".copier-answers.yml"})
# Bytes; file systems allow 255, of which temporary names and the path limit of Windows (260) take their part.
LONGEST_NAME = 150
# Folders below one another; the path limit of Linux is 4,096 bytes.
_DEEPEST = 16
_FORBIDDEN = frozenset('<>:"/\\|?*')
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Format characters that words in Persian and Indic scripts, and emoji, are written with.
_JOINERS = "\u200c\u200d"
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\.|$)", re.IGNORECASE
)
# The end of a name that says what the file is: .csv, .tar.gz, .index.json.
_SUFFIX = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,11})?\.[A-Za-z0-9]{1,12}$")
_MARK = 8  # hexadecimal digits


def safe_name(name: str) -> str:
    """Turn the last part of a published name into a safe file name, which is never a hidden one."""
    return safe_part(_parts(name)[-1])


def safe_part(part: str, *, hidden: bool = False, longest: int = LONGEST_NAME) -> str:
    """Turn one part of a published path into a safe name of at most `longest` bytes; idempotent.

    Characters that are not allowed become ``_``; of long names the end is kept. A dot at the beginning, which
    hides a file, stays only with `hidden`.
    """
    plain = "".join("_" if _is_refused(letter) else letter for letter in part)
    short = plain.encode()[-longest:].decode(errors="ignore").rstrip(". ")
    shown = short if hidden else short.lstrip(".")
    if _RESERVED.match(shown):
        return f"_{shown}".encode()[:longest].decode(errors="ignore").rstrip(". ")
    return shown or "file"


def name_key(name: str) -> str:
    """The form in which names are equal that some file system takes for the same one.

    Case and the encoding of accents do not count (Unicode's compatibility caseless matching, D146), nor do
    joiners, which HFS+ ignores.
    """
    bare = "".join(letter for letter in normalize("NFKD", name) if letter not in _JOINERS)
    return normalize("NFKC", normalize("NFKD", normalize("NFKD", bare.casefold()).casefold()))


def distinct_places(
    names: Iterable[str], *, hidden: bool = False, longest: int = LONGEST_NAME
) -> tuple[PurePosixPath, ...]:
    """Give each of the published names a relative path of its own, in the order of `names`.

    Folders in the names are kept, parts made safe as in `safe_part`. Of names that would fall on one path,
    one (an unchanged one, if there is one) keeps it and the others get a digest of the published name before
    their suffix; so does a folder beside a file of its name. The paths depend on the set of names, not on
    their order; only of equal names the first comes first.

    >>> [str(place) for place in distinct_places(["a.csv", "data/b>.csv"])]
    ['a.csv', 'data/b_.csv']
    """
    listed = list(names)
    places: dict[int, PurePosixPath] = {}
    waiting = [(PurePosixPath(), list(_entries(listed)))]
    while waiting:
        folder, entries = waiting.pop()
        for child, name in _named(entries, hidden=hidden, longest=longest):
            if child.below:
                waiting.append((folder / name, child.below))
            else:
                places[child.number] = folder / name
    return tuple(places[number] for number in range(len(listed)))


@dataclass(frozen=True)
class _Entry:
    """The rest of a published name below a folder; `source` tells it from all others."""

    number: int
    source: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class _Child:
    """A file or folder in a folder: with its published name, and the entries `below` a folder."""

    published: str
    source: str
    number: int
    below: list[_Entry]


def _parts(name: str) -> list[str]:
    """The parts of a published path, without those that lead nowhere or up; at least one."""
    found = [part for part in re.split(r"[/\\]", name) if part.strip(". ")]
    return found or [name or "file"]


def _entries(names: list[str]) -> Iterator[_Entry]:
    seen: Counter[str] = Counter()
    for number, name in enumerate(names):
        seen[name] += 1
        again = f"\0{seen[name]}" if seen[name] > 1 else ""
        yield _Entry(number, f"{name}{again}", tuple(_parts(name)[-_DEEPEST:]))


def _children(entries: list[_Entry]) -> list[_Child]:
    """Content of one folder, files before folders, each sorted by its published name."""
    files = [_Child(item.parts[0], item.source, item.number, []) for item in entries if len(item.parts) == 1]
    folders: dict[str, list[_Entry]] = {}
    for item in entries:
        if len(item.parts) > 1:
            below = _Entry(item.number, item.source, item.parts[1:])
            folders.setdefault(item.parts[0], []).append(below)
    files.sort(key=lambda child: child.source)
    return files + [_Child(name, f"{name}/", -1, folders[name]) for name in sorted(folders)]


def _named(entries: list[_Entry], *, hidden: bool, longest: int) -> Iterator[tuple[_Child, str]]:
    """Yield what lies in one folder with names that differ; first come those that need no change."""
    taken: set[str] = set()
    safe = [
        (child, safe_part(child.published, hidden=hidden, longest=longest)) for child in _children(entries)
    ]
    for child, name in sorted(safe, key=lambda pair: pair[1] != pair[0].published):
        chosen = name
        for attempt in count():
            if name_key(chosen) not in taken:
                break
            marked = _marked(name, f"{attempt}:{child.source}", longest)
            chosen = safe_part(marked, hidden=hidden, longest=longest)
        taken.add(name_key(chosen))
        yield child, chosen


def _marked(name: str, source: str, longest: int) -> str:
    """The name with a digest of `source` before its suffix, cut at its beginning to `longest` bytes."""
    mark = sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    found = _SUFFIX.search(name, 1)
    end = f"-{mark}{found[0] if found else ''}"
    stem = name[: found.start()] if found else name
    room = longest - len(end.encode())
    return f"{stem.encode()[-room:].decode(errors='ignore')}{end}"


def _is_refused(letter: str) -> bool:
    return letter in _FORBIDDEN or (category(letter) in _UNPRINTABLE and letter not in _JOINERS)
