# SPDX-License-Identifier: MIT
"""Files in documents: distributions, encodings, and the parts of a crate."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

import msgspec

from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.formats.linked_data.identities import is_absolute, stated
from fairreg.formats.linked_data.sizes import in_bytes
from fairreg.formats.linked_data.values import label, leave_others, only
from fairreg.schemas.record import Distribution
from fairreg.schemas.text import one_line

__all__ = ["Listed", "distributions", "is_file", "merged", "parts"]

Listed = tuple[Value, Distribution]

_FILE_TYPES = frozenset(
    {"File", "MediaObject", "DataDownload", "FileObject", "AudioObject", "ImageObject", "VideoObject"}
)
_TERMS = ("distribution", "encoding", "associatedMedia")
_LINKS = ("downloadUrl", "downloadURL", "contentUrl")
_MARKS = ("contentUrl", "contentSize", "sha256", "md5", "encodingFormat")
_HEX = re.compile(r"[0-9a-f]{6,128}")
_DIGESTS = ("sha256", "sha512", "sha1", "md5")
# Of the top-level types of IANA's registry, and two in use beside them: "PDF/A" is none.
_MEDIA_TYPE = re.compile(
    r"(?:application|audio|chemical|font|haptics|image|message|model|multipart|text|video|x-[\w.-]{1,60})"
    r"/[\w.+-]{1,64}(?:\s*;.{1,99})?",
    re.IGNORECASE,
)
_REGISTERED = re.compile(r"https?://www\.iana\.org/assignments/media-types/([\w.+-]{1,64}/[\w.+-]{1,64})")
_FORMATS = ("encodingFormat", "fileFormat")
# A clone of a repository, which Croissant lists among the files.
_CLONES = ("git+https", "git+ssh")
# InvenioRDM's and Dataverse's addresses end in one of these, behind the file's name.
_AFTER_NAME = frozenset({"content", "download"})


def distributions(node: LinkedNode) -> Iterator[Listed]:
    """Yield the files that a node names as distributions of itself, or by an address of its content.

    Each stands behind the value that states it.
    """
    for term in (*_TERMS, *_LINKS):
        for value in node.values(term):
            found = _of_address(value.text) if isinstance(value, Literal) else _of_node(value)
            if found is None:
                node.leave(term)
            else:
                yield value, found


def is_file(value: Value) -> bool:
    """Tell whether a part is a file: by its type, or by stating content."""
    if isinstance(value, Literal):
        return False
    return bool(_FILE_TYPES & set(value.types)) or value.states(*_MARKS)


def parts(root: LinkedNode) -> Iterator[Listed]:
    """Yield the files below a crate's root, through its folders; relations hold its other parts.

    Each stands behind the value that states it.
    """
    waiting, seen = deque([root]), {id(root)}
    while waiting:
        folder = waiting.popleft()
        for value in folder.values("hasPart"):
            if isinstance(value, Literal) or id(value) in seen:
                continue
            seen.add(id(value))
            found = _part(value)
            if found is not None:
                yield value, found
            elif not is_absolute(value.id):
                if value.states("hasPart"):
                    waiting.append(value)
                else:
                    folder.leave("hasPart")


def merged(found: Iterable[Listed]) -> tuple[Distribution, ...]:
    """Return the files, each once with all that is stated of it; facts that contradict it are not read.

    An address alone is the file of that address, whatever its name is.
    """
    kept: list[Distribution] = []
    places: dict[tuple[str, str | None, str | None], int] = {}
    first: dict[tuple[str, str | None], int] = {}
    unnamed: dict[tuple[str, str | None], int] = {}
    for value, item in found:
        own, address = (item.name, item.path, item.url), (item.url or "", item.path)
        named = _is_named(value, item)
        elsewhere = unnamed.pop(address, None) if named and own not in places else first.get(address)
        place = places.get(own, elsewhere if item.url else None)
        if place is None:
            place = len(kept)
            kept.append(item)
            if not named:
                unnamed[address] = place
        else:
            known = kept[place]
            places.pop((known.name, *own[1:]), None)
            name = item.name if named else known.name
            kept[place] = _completed(msgspec.structs.replace(known, name=name), item, value)
        places[kept[place].name, item.path, item.url] = place
        first.setdefault(address, place)
    return tuple(kept)


def _is_named(value: Value, item: Distribution) -> bool:
    """Tell whether the name of a file is stated, rather than the last part of its address."""
    stated = isinstance(value, LinkedNode) and value.states("name")
    return stated or item.url is None or item.name not in {_last_part(item.url), item.url}


def _completed(known: Distribution, more: Distribution, value: Value) -> Distribution:
    """Return a file with what a second value states of it; facts that contradict the first are not read."""
    if more.size not in (None, more.size if known.size is None else known.size):
        _leave(value, "contentSize")
    elif more.size is not None and (known.size is None or known.size_is_rounded):
        known = msgspec.structs.replace(known, size=more.size, size_is_rounded=more.size_is_rounded)
    if more.media_type not in (None, known.media_type or more.media_type):
        _leave(value, "encodingFormat", "fileFormat")
    digests = dict(item.split(":", 1) for item in reversed(known.checksums))
    new = [item for item in more.checksums if item.partition(":")[0] not in digests]
    if not set(more.checksums) <= {*known.checksums, *new}:
        _leave(value, *_DIGESTS, "checksum", "digest")
    return msgspec.structs.replace(
        known, media_type=known.media_type or more.media_type, checksums=(*known.checksums, *new)
    )


def _leave(value: Value, *terms: str) -> None:
    if isinstance(value, LinkedNode):
        value.leave(*terms)


def _part(node: LinkedNode) -> Distribution | None:
    if not is_file(node) and not (node.is_reference and _looks_like_file(node.id)):
        return None
    if node.id is None or node.id.startswith(("#", "_:")):
        return _of_node(node)
    if is_absolute(node.id):
        return _described(node, _name_at(node, node.id) or node.id, node.id)
    # The path is the file's name in a crate; its "name" is a description for people (RO-Crate 1.1, 4.2).
    path = one_line(unquote(node.id))
    if [item.text for item in node.peek("name") if isinstance(item, Literal)] == [path]:
        node.values("name")
    return _described(node, path, _address(node))


def _name_at(node: LinkedNode, address: str) -> str:
    """Return the name of a file at its address: the stated one where the address ends in it."""
    last = _last_part(address)
    stated = [item.text for item in node.peek("name") if isinstance(item, Literal)]
    if len(stated) == 1 and stated[0] and last and _ends_in(address, stated[0], last):
        node.values("name")
        return stated[0]
    return last


def _ends_in(address: str, name: str, last: str) -> bool:
    """Tell whether an address whose last part is `last` ends in a name, perhaps with folders in it."""
    path = one_line(unquote(urlsplit(address).path))
    return name == last or (name.endswith(f"/{last}") and f"/{name}" in path)


def _looks_like_file(name: str | None) -> bool:
    """Tell whether a reference without an entity has the form of a file in the crate."""
    return (
        bool(name)
        and not is_absolute(name)
        and not str(name).startswith(("#", "_:"))
        and str(name)[-1] != "/"
    )


def _of_address(text: str | None) -> Distribution | None:
    named = stated(text)
    # An address that names an object, as the page of a repository, is not the address of a file.
    return (
        Distribution(name=_last_part(named.value) or named.value, url=text)
        if named and named.scheme == "url"
        else None
    )


def _of_node(node: LinkedNode) -> Distribution | None:
    formats = [item.text for item in node.peek("encodingFormat") if isinstance(item, Literal)]
    if "FileSet" in node.types or any(item in _CLONES for item in formats):
        return None
    link, name = _link(node), _text(node, "name")
    archive = next((item for item in node.peek("containedIn") if isinstance(item, LinkedNode)), None)
    if archive is not None and archive is not node and link and not _is_web(link):
        # A file inside an archive (Croissant 1.0, FileObject): the address is a path in it.
        if len(node.values("containedIn")) > 1:
            node.leave("containedIn")
        outer = _text(archive, "name") or archive.id
        return _described(node, outer, _address(archive), path=link)
    inside = node.id if not is_absolute(node.id) else None
    return _described(node, name or _last_part(link or "") or inside, _address(node))


def _link(node: LinkedNode) -> str | None:
    """Return the address or path of a file's content."""
    values = node.values(*_LINKS)
    stated = [item.text if isinstance(item, Literal) else item.id for item in values]
    found = [text for text in stated if text]
    if len(set(stated)) > 1 or len(found) < len(stated):
        node.leave(*_LINKS)
    own = node.id if is_absolute(node.id) and node.states(*_MARKS, "name") else None
    return found[0] if found else own


def _address(node: LinkedNode) -> str | None:
    """Return the address of a file's content; a path beside the document counts as not read."""
    link = _link(node)
    if not link or _is_web(link):
        return link
    node.leave(*_LINKS)
    return None


def _described(
    node: LinkedNode, name: str | None, url: str | None, path: str | None = None
) -> Distribution | None:
    if not name:
        return None
    if is_absolute(node.id) and node.id != url:
        node.leave("@id")
    size, rounded = _size(node)
    return Distribution(
        name=name,
        url=url,
        size=size,
        size_is_rounded=rounded,
        checksums=tuple(dict.fromkeys(_checksums(node))),
        media_type=_media_type(node),
        path=path,
    )


def _size(node: LinkedNode) -> tuple[int | None, bool]:
    values = node.values("contentSize")
    texts = ((value.text if isinstance(value, Literal) else _quantity(value)) or "" for value in values)
    return only(node, "contentSize", map(in_bytes, texts)) or (None, False)


def _quantity(node: LinkedNode) -> str:
    """Return the words of schema.org's QuantitativeValue."""
    return " ".join(filter(None, (_text(node, "value"), _text(node, "unitText") or _text(node, "unitCode"))))


def _checksums(node: LinkedNode) -> Iterator[str]:
    for algorithm in _DIGESTS:
        for value in node.values(algorithm):
            digest = (value.text or "").lower() if isinstance(value, Literal) else ""
            if _HEX.fullmatch(digest):
                yield f"{algorithm}:{digest}"
            else:
                node.leave(algorithm)
    for value in node.values("checksum", "digest"):
        found = _checksum(value)
        if found:
            yield found
        else:
            node.leave("checksum", "digest")


def _checksum(value: Value) -> str | None:
    """Return ``algorithm:hex`` of a text in that form, or of SPDX's Checksum (SPDX 2.3, section 8.4)."""
    if isinstance(value, Literal):
        algorithm, _, digest = (value.text or "").lower().partition(":")
    else:
        algorithms = value.values("algorithm")
        stated_as = (item.text if isinstance(item, Literal) else item.id for item in algorithms)
        algorithm = next((item for item in stated_as if item), "").lower().rpartition("checksumalgorithm_")[2]
        digest = (_text(value, "checksumValue") or _text(value, "value") or "").lower()
    algorithm = algorithm.replace("-", "")
    return f"{algorithm}:{digest}" if algorithm in _DIGESTS and _HEX.fullmatch(digest) else None


def _media_type(node: LinkedNode) -> str | None:
    """Return the media type of a file, else another name of its format.

    A format has a media type and an entry in PRONOM (RO-Crate 1.1, 4.5); the second one counts as not read.
    """
    found = [(term, _format(value)) for term in _FORMATS for value in node.values(term)]
    names = [name for _, name in found if name]
    kept = next((name for name in names if _MEDIA_TYPE.fullmatch(name)), next(iter(names), None))
    node.leave(*(term for term, name in found if name is None or name != kept))
    return kept


def _format(value: Value) -> str | None:
    """Return the name of a format: a text, the type at an address of IANA's registry, a name of an object."""
    text = value.text if isinstance(value, Literal) else value.id
    registered = _REGISTERED.fullmatch(text or "")
    if registered:
        return registered[1]
    name = label(value)
    if name and isinstance(value, LinkedNode) and is_absolute(value.id):
        value.leave("@id")
    return name


def _text(node: LinkedNode, term: str) -> str | None:
    leave_others(node, term)
    return next((item.text for item in node.values(term) if isinstance(item, Literal) and item.text), None)


def _is_web(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return found.scheme in {"http", "https", "ftp"} and bool(found.hostname) and " " not in text


def _last_part(address: str) -> str:
    try:
        names = [unquote(part) for part in urlsplit(address).path.split("/") if part]
    except ValueError:
        return ""
    if len(names) > 1 and names[-1] in _AFTER_NAME:
        names.pop()
    return one_line(names[-1]) if names else ""
