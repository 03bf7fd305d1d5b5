# SPDX-License-Identifier: MIT
"""Content negotiation by media type, quality and profile (RFC 9110, section 12; RFC 6906)."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.request import parse_http_list

__all__ = ["MediaType", "Variant", "ranked"]

# Longer headers, and further ranges of one, are those of no client.
_LONGEST, _MOST_RANGES = 4000, 100
_PARAMETER = re.compile(r';\s*([\w.!#$&^+-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)')
_TYPE = re.compile(r"\s*([\w.!#$&^*+-]+)/([\w.!#$&^*+-]+)\s*(?=;|$)")
_QUALITY = re.compile(r"0?\.\d{1,3}|0\.?|1(?:\.0{0,3})?")


class MediaType(NamedTuple):
    """A media type, or a range of them with ``*``; other parameters than profiles are left out."""

    type: str
    subtype: str
    profiles: frozenset[str] = frozenset()
    quality: float = 1.0

    @classmethod
    def of(cls, text: str) -> "MediaType | None":
        """Parse one; None for a text that is none. A quality that is none counts as 1."""
        found = _TYPE.match(text)
        if found is None:
            return None
        stated = {name.lower(): value for name, value in _PARAMETER.findall(text)}
        profiles = re.sub(r"\\(.)", r"\1", stated.get("profile", "").strip('"')).split()
        quality = stated.get("q", "1")
        return cls(
            found[1].lower(),
            found[2].lower(),
            frozenset(profiles),
            float(quality) if _QUALITY.fullmatch(quality) else 1.0,
        )

    def specificity(self, offered: "MediaType") -> int:
        """Return how closely this range names a media type, 0 to 3, and -1 where it does not."""
        if (self.type, self.subtype) == ("*", "*"):
            return 0
        if self.type != offered.type or self.subtype not in {offered.subtype, "*"}:
            return -1
        if self.subtype == "*":
            return 1
        if not self.profiles:
            return 2
        return 3 if self.profiles & offered.profiles else -1


class Variant(NamedTuple):
    """One representation of a resource: its name for ``?format=``, and its media types, the usual first."""

    name: str
    media_types: tuple[str, ...]


def ranked(variants: Sequence[Variant], accept: str | None) -> list[tuple[Variant, str]]:
    """Return the acceptable variants with the media type to announce, best first; all without a header.

    The quality of a media type is that of the range that names it most closely. Of equal quality the more
    closely named comes first, then the order of `variants`.
    """
    if not (accept or "").strip():
        return [(item, item.media_types[0]) for item in variants]
    ranges = _ranges(accept or "")
    offers = [(item, name) for item in variants for name in item.media_types]
    judged = [(*_judged(ranges, name), place) for place, (_, name) in enumerate(offers)]
    best = sorted(item for item in judged if item[0] < 0)
    first: dict[str, tuple[Variant, str]] = {}
    for *_, place in best:
        first.setdefault(offers[place][0].name, offers[place])
    return list(first.values())


def _judged(ranges: Iterable[MediaType], name: str) -> tuple[float, int]:
    """Return quality and specificity of a media type, each negative, so that the best sorts first."""
    offered = MediaType.of(name)
    if offered is None:
        return 0.0, 0
    matching = ((item.specificity(offered), item.quality) for item in ranges)
    specificity, quality = max((item for item in matching if item[0] >= 0), default=(0, 0.0))
    return -quality, -specificity


def _ranges(accept: str) -> list[MediaType]:
    listed = parse_http_list(accept[:_LONGEST])[:_MOST_RANGES]
    return [found for text in listed if (found := MediaType.of(text)) is not None]
