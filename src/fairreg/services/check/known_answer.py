# SPDX-License-Identifier: MIT
"""Known answers: the facts and the shape of one published record per service.

They are packaged data, ``known_answers/<source>.json`` in the top-level package of the harvester, so that an
outside package brings its own. `scripts/known_answers.py` writes them from answers that a user recorded.
"""

from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import msgspec

from fairreg.errors import PluginError
from fairreg.harvesters import Harvester
from fairreg.sources import RESOLVER

__all__ = ["FOLDER", "KnownAnswer", "known_answer", "landing_answer"]

FOLDER = "known_answers"
_OWN_PACKAGE = "fairreg"


class KnownAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Expected answer of a service to the request for one published record.

    `ask` is the requested identifier, `record` that of the record which the answer becomes, `seen` says
    whence the expectation comes. `facts`: values by JSON path; below a ``[*]`` one element has the value.
    `headers`: values by lower-case name, without parameters. `checksums`: algorithms of the files' checksums.
    `shape`: types by JSON path (``text``, ``number``, ``boolean``, ``null``, ``object``, ``list``), joined by
    ``|``; those that end in ``?`` may be missing. `open`: paths below which anything may stand, or ``path.*``
    for further members of one object.
    """

    ask: str
    record: str
    seen: str
    facts: dict[str, Any] = {}
    headers: dict[str, str] = {}
    checksums: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    shape: dict[str, str] = {}


def known_answer(harvester: Harvester) -> KnownAnswer | None:
    """Return the known answer of a source; None without one. Raises PluginError for an invalid file."""
    return _read(type(harvester).__module__.partition(".")[0], harvester.name)


def landing_answer() -> KnownAnswer | None:
    """Return the known answer of the DOI resolver: the landing page of a published record."""
    return _read(_OWN_PACKAGE, RESOLVER.name)


def _read(package: str, name: str) -> KnownAnswer | None:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:  # a module of its own holds no data
        return None
    path = files(package) / FOLDER / f"{name}.json"
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=KnownAnswer)
    except msgspec.DecodeError as error:
        raise PluginError(
            f"The known answer of the source {name} in the package {package} is invalid: {error}.",
            hint=f"Compare it with {FOLDER}/zenodo.json of fairreg.",
        ) from error
