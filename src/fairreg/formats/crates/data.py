# SPDX-License-Identifier: MIT
"""Files as data entities: by address where they have one, else by their path beside the metadata file.

RO-Crate 1.1, section 4: the `@id` of a file in the crate is its relative path, that of one on the web its
address.
"""

import re
from urllib.parse import quote, urlsplit

from fairreg.formats.crates.entities import Entities, Entity, Reference
from fairreg.schemas.record import Distribution
from fairreg.schemas.runs import has_weights

__all__ = ["DESCRIPTOR", "add_files", "address", "size_in_words"]

DESCRIPTOR = "ro-crate-metadata.json"
# Characters that an IRI may have (RFC 3987, section 2.2), without those of templates.
_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]+")
_BYTES = 1000


def add_files(
    entities: Entities, files: tuple[Distribution, ...], *, weights: str | None = None, digests: bool = False
) -> list[tuple[Distribution, Reference]]:
    """Add the files that are no part of an archive, each once; return them with the references to them.

    `weights` is a type for files of weights beside ``File``. `digests`: all of them, under the terms ``md5``
    and ``digest``, which no version of the crate's own context has; else SHA-256 alone.
    """
    outside = (item for item in files if item.path is None)
    found = [(item, _add(entities, item, weights=weights, digests=digests)) for item in outside]
    return list({reference["@id"]: (item, reference) for item, reference in found}.values())


def address(text: str | None) -> str | None:
    """Return a text that is an address of the web and may stand as `@id`, None for another."""
    if not text or not _IRI.fullmatch(text):
        return None
    try:
        return text if urlsplit(text).hostname else None
    except ValueError:  # brackets of an address of IPv6 that is none
        return None


def size_in_words(item: Distribution) -> str | None:
    """Return the size as digits, or in kB where the source rounds it; None where it is unknown."""
    if item.size is None or not item.size_is_rounded:
        return None if item.size is None else str(item.size)
    whole, rest = divmod(item.size, _BYTES)
    return f"{whole}.{rest:03} kB" if rest else f"{whole} kB"


def _add(entities: Entities, item: Distribution, *, weights: str | None, digests: bool) -> Reference:
    types = ["File", weights] if weights and has_weights(item) else "File"
    entity = {"@type": types, **_facts(item, digests=digests)}
    path = None if item.url else _path(item.name)
    for name in (address(item.url), path):
        if name and name not in {DESCRIPTOR, "./"} and entities.free(name, entity):
            return entities.add({"@id": name, **entity})
    return entities.add_local("file", entity | {"contentUrl": item.url})


def _facts(item: Distribution, *, digests: bool) -> Entity:
    known = dict(reversed([checksum.split(":", 1) for checksum in item.checksums]))
    named = ("sha256", "md5") if digests else ("sha256",)
    others = [text for text in item.checksums if text.partition(":")[0] not in named]
    return {
        "name": item.name,
        "encodingFormat": item.media_type,
        "contentSize": size_in_words(item),
        **{algorithm: known.get(algorithm) for algorithm in named},
        "digest": others if digests else [],
    }


def _path(name: str) -> str | None:
    """Return the percent-encoded path of a file in the crate; None for a name that leads out of it."""
    parts = name.replace("\\", "/").split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return None
    return quote("/".join(parts), errors="surrogatepass")
