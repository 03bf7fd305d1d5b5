# SPDX-License-Identifier: MIT
"""Files of records of CERN Open Data, also those that are listed in index files.

Records in the portal's repository have their files in pairs of index files: one of type ``index.json`` with
address, size and Adler-32 of each, one of type ``index.txt`` with the addresses alone. The portal of today
reads them itself: its answers have them as ``_file_indices`` (cernopendata-portal, cernopendata/api.py and
cernopendata/modules/fixtures/cli.py), and an index has an address of its own,
``/record/<recid>/file_index/<name>``.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import unquote

from msgspec.structs import replace

from fairreg.errors import BadAnswer
from fairreg.formats.contents import file_format, media_type
from fairreg.schemas.file_address import file_address, quoted_part, quoted_path
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import INDEX_FORMATS, Distribution, ModelRecord

__all__ = ["PORTAL", "files_of", "indexes_in", "with_listed"]

PORTAL = "https://opendata.cern.ch"
# Files are given by their path in EOS, which the portal also serves over https.
_EOS = re.compile(r"root://eospublic\.cern\.ch(?::\d{1,5})?/+")
_JSON, _TEXT = INDEX_FORMATS
_MOST_LISTED = 200_000  # the largest record known lists 14,825
_MOST_FOLDERS = 8


def files_of(meta: JsonNode, number: str) -> tuple[Distribution, ...]:
    """The files of a record, with those in ``_file_indices``; an index that is not whole is a file itself."""
    read = {_stem(key) for index in meta["_file_indices"].items() if (key := index["key"].file_name)}
    own = (_file(item) for item in meta["files"].items())
    plain = (_as_file(item) if _stem(item.name) in read else item for item in own if item is not None)
    return _told_apart([*plain, *_in_indices(meta, number)])


def indexes_in(record: ModelRecord) -> tuple[Distribution, ...]:
    """The index files that have to be read: of each pair the one that states sizes and checksums."""
    found = [item for item in record.distributions if item.url and item.is_index]
    stems = {_stem(item.name) for item in found if item.format == _JSON}
    return tuple(item for item in found if item.format == _JSON or _stem(item.name) not in stems)


def with_listed(record: ModelRecord, contents: Mapping[str, bytes]) -> tuple[Distribution, ...]:
    """The files of a record with those that its index files list, whose bytes are in `contents` by name.

    Files of one name get as many folders of their addresses as tell them apart. Raises BadAnswer for bytes
    that are no index.
    """
    listed = [item for name, data in contents.items() for item in _listed(name, data)]
    return _told_apart([*record.distributions, *listed])


def _in_indices(meta: JsonNode, number: str) -> Iterator[Distribution]:
    for index in meta["_file_indices"].items():
        listed = [found for item in index["files"].items() if (found := _file(item)) is not None]
        name = index["key"].file_name
        if name and len(listed) < (index["number_files"].count or 0):
            address = f"{PORTAL}/record/{number}/file_index/{quoted_part(name)}"
            yield Distribution(name=name, url=address, media_type="application/json", format=_JSON)
        else:
            yield from listed


def _file(item: JsonNode) -> Distribution | None:
    """The file of an entry; the portal's own ``key`` of a listed file is a number in its index."""
    uri = str(item["uri"].value) if item["uri"].text else ""
    name = JsonNode(uri.rstrip("/").rsplit("/", 1)[-1]).file_name
    name = name or item["filename"].file_name or item["key"].file_name
    if not name:
        return None
    algorithm, _, digest = (item["checksum"].text or "").lower().partition(":")
    valid = (
        algorithm.isalnum() and algorithm.isascii() and digest and not set(digest) - set("0123456789abcdef")
    )
    return Distribution(
        name=name,
        url=_address(uri) or file_address(uri, uri.rsplit("/", 1)[-1]),
        size=item["size"].count,
        checksums=(f"{algorithm}:{digest}",) if valid else (),
        media_type=media_type(name),
        format=_index_format(item["type"].text, name) or file_format(name),
    )


def _index_format(stated: str | None, name: str) -> str | None:
    """The format of an index file, by its type or, as the portal's own client has it, by its name."""
    if stated in INDEX_FORMATS:
        return stated
    ending = next((item for item in INDEX_FORMATS if name.endswith(f"_file_{item}")), None)
    return ending if stated is None else None


def _stem(name: str) -> str:
    """The name that the two index files of a pair share."""
    return name.removesuffix(".json").removesuffix(".txt")


def _as_file(index: Distribution) -> Distribution:
    """The same index file as any other: what it lists is known already."""
    return replace(index, format=file_format(index.name))


def _address(uri: str) -> str | None:
    """Return the https address of a file in EOS."""
    found = _EOS.match(uri)
    return f"{PORTAL}/{quoted_path(uri[found.end() :])}" if found else None


def _listed(name: str, data: bytes) -> list[Distribution]:
    """The files that an index lists. Raises BadAnswer."""
    entries = list(islice(_entries(data), _MOST_LISTED + 1))
    if len(entries) > _MOST_LISTED:
        raise BadAnswer(
            f"{name} lists more than {_MOST_LISTED:,} files.", hint="Download the files manually."
        )
    found = [item for entry in entries if (item := _file(JsonNode(entry))) is not None and item.url]
    if not found or len(found) < len(entries):
        raise BadAnswer(
            f"{name} is not an index of files: {len(found)} of its {len(entries)} entries have an address.",
            hint=f"The index itself can be fetched with --file {name}",
        )
    return [replace(item, format=file_format(item.name)) for item in found]


def _entries(data: bytes) -> Iterator[Any]:
    """The entries of an index: of a list, of an object with ``files``, or the addresses in a text."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        for line in BytesIO(data):
            if line.strip():
                yield {"uri": line.strip().decode("utf-8", "replace")}
        return
    listed = document.get("files") if isinstance(document, dict) else document
    yield from listed if isinstance(listed, list) else ()


def _told_apart(found: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """Give the files names that differ, by as many folders of their addresses as needed; each counts once."""
    once = {item.url or f"{number}": item for number, item in enumerate(found)}
    namesakes: dict[str, list[str]] = defaultdict(list)
    for key, item in once.items():
        namesakes[item.name.rsplit("/", 1)[-1]].append(key)
    for last, keys in namesakes.items():
        if keys[1:]:
            for key, name in zip(keys, _longer(last, keys), strict=True):
                once[key] = replace(once[key], name=name)
    return tuple(once.values())


def _longer(last: str, addresses: list[str]) -> list[str]:
    """The ends of these addresses that differ; `last` for each where more than 8 folders would be needed."""
    folders = [unquote(address).split("/")[3:-1] for address in addresses]
    for depth in range(1, _MOST_FOLDERS + 1):
        names = ["/".join((*parts[-depth:], last)) for parts in folders]
        if len(set(names)) == len(names):
            return names
    return [last] * len(addresses)
