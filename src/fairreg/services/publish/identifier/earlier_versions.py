# SPDX-License-Identifier: MIT
"""Places of a text that tell of an earlier version: its DOI and its digests are true there, and stay."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from fairreg.services.publish.identifier.json_text import JsonSpan

__all__ = ["EarlierVersions"]

# Members by which an object says what it is; others relate it to something else.
_NAMING = frozenset({"@id", "id", "doi", "pid", "identifier", "url", "link", "recordidentifier"})
_VERSION = frozenset({"version", "softwareversion", "release", "tag", "revision"})
_NUMBER = r"v?\d+(?:\.\d+)+(?:[-.]?(?:a|b|rc|alpha|beta)\.?\d+)?"
_KEY = re.compile(_NUMBER, re.IGNORECASE)
_WHOLE = re.compile(r"\s*v?\d+\s*", re.IGNORECASE)
# "version 1.0", "v1.0", and 1.0 as the first cell of a row.
_STATED = re.compile(
    # Not of a path, which the file has in this version, too.
    rf"(?<![\w./-])(?:version[\"']?\s*[:=]?\s*[\"']?(?P<named>{_NUMBER})|(?P<short>v\d+(?:\.\d+)+))"
    r"(?![\w.]*\w|[/-])"
    rf"|^\s*(?:\|\s*)?[\"'`*]*(?P<first>{_NUMBER})[\"'`*]*\s*[|,;\t]",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\s*(?:- +)?[\"']?(?P<key>[\w@-]+)[\"']?\s*[:=]\s*(?P<value>.*)")


class EarlierVersions(NamedTuple):
    """The DOIs of published versions in lower case, SHA-256 of their files, and the number of this version.

    Without digests, as in a clone, any file may be one of theirs; without DOIs there was no version before.
    """

    dois: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    version: str | None = None

    def had(self, sha256: str) -> bool:
        """Tell whether an earlier version had a file with this digest, or may have had it."""
        return bool(self.dois) and (sha256 in self.digests or not self.digests)

    def names_doi(self, text: str) -> bool:
        """Tell whether a text has the DOI of an earlier version."""
        plain = unquote(text).lower()
        return any(re.search(rf"(?<![\w.]){re.escape(doi)}(?!\w)", plain) for doi in self.dois)

    def is_other(self, version: object) -> bool:
        """Tell whether a value is a number of a version, and not of this one.

        A whole number is mostly that of a layout, unless this version has such a one as well.
        """
        if self.version is None or isinstance(version, bool) or not isinstance(version, str | int | float):
            return False
        stated = str(version).strip()
        is_number = _KEY.fullmatch(stated) or (_WHOLE.fullmatch(stated) and _WHOLE.fullmatch(self.version))
        return bool(is_number) and _plain(stated) != _plain(self.version)

    def is_told_in(self, line: str) -> bool:
        """Tell whether a line, as of a table or a heading, is about an earlier version."""
        found = [item for match in _STATED.finditer(line) for item in match.groups() if item]
        return self.names_doi(line) or (bool(found) and all(map(self.is_other, found)))

    def is_told_beside(self, lines: Iterable[str]) -> bool:
        """Tell whether the lines of one mapping, as of YAML, say that it is of an earlier version."""
        for line in lines:
            pair = _PAIR.match(line)
            key, value = (pair["key"].lower(), pair["value"].strip(" \t\r\n\"',")) if pair else ("", "")
            if (key in _NAMING and self.names_doi(value)) or (key in _VERSION and self.is_other(value)):
                return True
        return False

    def objects(self, top: JsonSpan) -> Iterator[JsonSpan]:
        """Yield the objects of a JSON text that are of an earlier version, or stand under its number."""
        for node in top.walk():
            if node.kind == "object" and self._is_of_earlier(node):
                yield node
            for key, item in node.members.items():
                if _KEY.fullmatch(key) and self.is_other(key):
                    yield item

    def _is_of_earlier(self, node: JsonSpan) -> bool:
        for key, item in node.members.items():
            lowered = key.lower()
            if lowered in _VERSION and item.kind == "scalar" and self.is_other(item.value):
                return True
            if lowered in _NAMING:
                texts = [inner.value for inner in item.walk() if isinstance(inner.value, str)]
                if any(map(self.names_doi, texts)):
                    return True
        return False


def _plain(version: str) -> str:
    """Return a number as it is compared: v1.0 and 1.0.0 are 1."""
    return re.sub(r"(?:\.0)+\Z", "", version.strip().lower().removeprefix("v"))
