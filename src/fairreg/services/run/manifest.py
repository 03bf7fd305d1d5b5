# SPDX-License-Identifier: MIT
"""Manifest beside the outputs of a run: model, input and digest of each output.

An output that the manifest shows to be valid is not computed again. The manifest contains neither times nor
paths, so that the same outputs have the same manifest.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairreg.storage.files import digest, disk_faults, replacing

__all__ = ["NAME", "ManifestEntry", "RunManifest"]

NAME = "fairreg-run.json"
_FORMAT = "fairreg-run-1"


@dataclass(frozen=True)
class ManifestEntry:
    """One output: digests of input and output, number of items, figures; `by`: model and settings."""

    by: Mapping[str, Any]
    input: str
    input_sha256: str
    sha256: str
    items: int
    metrics: Mapping[str, float]


class RunManifest:
    """The manifest in `folder`; an unreadable one counts as missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = _read(folder / NAME)

    def proven(self, name: str, by: Mapping[str, Any], input_sha256: str) -> ManifestEntry | None:
        """Return the entry of output `name` if settings, input and the bytes of the output still agree."""
        made, path = self._made.get(name), self._folder / name
        if made is None or made.by != by or made.input_sha256 != input_sha256:
            return None
        return made if path.is_file() and digest(path) == made.sha256 else None

    def add(self, name: str, made: ManifestEntry) -> None:
        """Add a complete output."""
        self._made[name] = made
        outputs = {key: asdict(item) for key, item in sorted(self._made.items())}
        text = json.dumps({"format": _FORMAT, "outputs": outputs}, indent=1)
        with disk_faults(NAME), replacing(self._folder / NAME) as draft:
            draft.write_text(text + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, ManifestEntry]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != _FORMAT:
            return {}
        return {name: ManifestEntry(**item) for name, item in document["outputs"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
