# SPDX-License-Identifier: MIT
"""Files in documents: distributions, encodings, and the parts of a crate."""

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from fairreg.formats.linked_data.graph import Graph, Literal, Node, Value
from fairreg.formats.linked_data.identities import is_absolute
from fairreg.formats.linked_data.sizes import in_bytes
from fairreg.schemas.record import Distribution
from fairreg.schemas.text import one_line

__all__ = ["FILE_TYPES", "distributions", "is_file", "parts"]

FILE_TYPES = frozenset({"File", "MediaObject", "DataDownload", "FileObject", "AudioObject", "ImageObject", "VideoObject"})
_FILE_SETS = frozenset({"FileSet"})
_TERMS = ("distribution", "encoding", "associatedMedia")
_LINKS = ("downloadUrl", "downloadURL", "contentUrl")
_ADDRESS = ("contentUrl", "downloadUrl", "downloadURL")
_MARKS = ("contentUrl", "contentSize", "sha256", "md5", "encodingFormat")
_HEX = re.compile(r"[0-9a-f]{6,128}")
_DIGESTS = ("sha256", "sha512", "sha1", "md5")
_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}(?:\s*;.{1,99})?")


def distributions(graph: Graph, node: Node) -> Iterator[Distribution]:
    """Yield the files that a node names as distributions of itself, or by an address of its content."""
    for term in (*_TERMS, *_LINKS):
        for value in node.values(term):
            found = _of_address(value.text) if isinstance(value, Literal) else _of_node(graph, value)
            if found is None:
                node.leave(term)
            else:
                yield found


def is_file(value: Value) -> bool:
    """Tell whether a part is a file: by its type, or by stating content."""
    if isinstance(value, Literal):
        return False
    return bool(FILE_TYPES & set(value.types)) or value.states(*_MARKS)


def parts(graph: Graph, root: Node) -> Iterator[Distribution]:
    """Yield the files below a crate's root, through its folders; a part that is no file is left for others."""
    waiting, seen = deque([root]), {id(root)}
    while waiting:
        folder = waiting.popleft()
        for value in folder.values("hasPart"):
            if isinstance(value, Literal) or id(value) in seen:
                continue
            seen.add(id(value))
            found = _part(graph, value)
            if found is not None:
                yield found
            elif "Dataset" in value.types and value.states("hasPart") and not is_absolute(value.id):
                waiting.append(value)
            elif not is_absolute(value.id):
                folder.leave("hasPart")


def _part(graph: Graph, node: Node) -> Distribution | None:
    if not is_file(node) and not (node.is_reference and _looks_like_file(node.id)):
        return None
    if node.id is None or node.id.startswith(("#", "_:")):
        return _of_node(graph, node)
    # The path is the file's name in a crate; its "name" is a description for people (RO-Crate 1.1, 4.2).
    url = node.id if is_absolute(node.id) else None
    return _described(node, name=_last_part(url) if url else one_line(unquote(node.id)), url=url)


def _looks_like_file(name: str | None) -> bool:
    """Tell whether a reference without an entity has the form of a file in the crate."""
    return bool(name) and not is_absolute(name) and not str(name).startswith(("#", "_:")) and str(name)[-1] != "/"


def _of_address(text: str | None) -> Distribution | None:
    if not text or urlsplit_host(text) is None:
        return None
    return Distribution(name=_last_part(text) or text, url=text)


def _of_node(graph: Graph, node: Node) -> Distribution | None:
    if _FILE_SETS & set(node.types):
        return None
    link = next((item.text for item in node.values(*_ADDRESS) if isinstance(item, Literal) and item.text), None)
    reference = next((item.id for item in node.values(*_ADDRESS) if isinstance(item, Node)), None)
    link = link or reference or (node.id if is_absolute(node.id) and node.states(*_MARKS, "name") else None)
    archive = next((item for item in node.values("containedIn") if isinstance(item, Node)), None)
    name = _text(node, "name")
    if archive is not None and link and urlsplit_host(link) is None:
        # A file inside an archive (Croissant 1.0, FileObject): the address is a path in it.
        inside, outer = link, _of_node(graph, archive) if archive is not node and not archive.states("containedIn") else None
        if outer is not None:
            return _described(node, name=outer.name, url=outer.url, path=inside)
    url = link if link and urlsplit_host(link) else None
    name = name or (_last_part(url) if url else link) or (node.id if not is_absolute(node.id) else None)
    return _described(node, name=name, url=url) if name else None


def _described(node: Node, *, name: str | None, url: str | None, path: str | None = None) -> Distribution | None:
    if not name:
        return None
    size, rounded = _size(node)
    return Distribution(
        name=name,
        url=url,
        size=size,
        size_is_rounded=rounded,
        checksums=tuple(_checksums(node)),
        media_type=_media_type(node),
        path=path,
    )


def _size(node: Node) -> tuple[int | None, bool]:
    for value in node.values("contentSize"):
        text = value.text if isinstance(value, Literal) else _quantity(value)
        found = in_bytes(text or "")
        if found is not None:
            return found
        node.leave("contentSize")
    return None, False


def _quantity(node: Node) -> str:
    """Return the words of schema.org's QuantitativeValue."""
    return " ".join(filter(None, (_text(node, "value"), _text(node, "unitText") or _text(node, "unitCode"))))


def _checksums(node: Node) -> Iterator[str]:
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
    if isinstance(value, Literal):
        algorithm, _, digest = (value.text or "").lower().partition(":")
    else:
        algorithm = (_text(value, "algorithm") or next((i.id or "" for i in value.values("algorithm") if isinstance(i, Node)), "")).lower()
        algorithm = algorithm.rpartition("checksumalgorithm_")[2]
        digest = (_text(value, "checksumValue") or _text(value, "value") or "").lower()
    algorithm = algorithm.replace("-", "")
    return f"{algorithm}:{digest}" if algorithm in _DIGESTS and _HEX.fullmatch(digest) else None


def _media_type(node: Node) -> str | None:
    texts = [item.text for item in node.values("encodingFormat", "fileFormat") if isinstance(item, Literal) and item.text]
    return next((text for text in texts if _TYPE.fullmatch(text)), next(iter(texts), None))


def _text(node: Node, term: str) -> str | None:
    return next((item.text for item in node.values(term) if isinstance(item, Literal) and item.text), None)


def urlsplit_host(text: str) -> str | None:
    """Return the host of an http(s) address, None for any other text."""
    try:
        found = urlsplit(text.removeprefix("git+"))
    except ValueError:
        return None
    return found.hostname if found.scheme in {"http", "https", "ftp"} and " " not in text else None


def _last_part(url: str) -> str:
    try:
        parts = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    except ValueError:
        return ""
    # InvenioRDM's files end in /content, behind the file's name.
    last = parts[-2] if len(parts) > 1 and parts[-1] in {"content", "download"} else parts[-1] if parts else ""
    return one_line(last)
