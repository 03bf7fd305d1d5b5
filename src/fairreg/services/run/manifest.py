# SPDX-License-Identifier: MIT
"""The note beside the outputs of a run: by which model each was made, of which input, with which bytes.

An output that the note proves to be the one asked for need not be made again. The note holds no times and no
paths, so that the same outputs have the same note.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairreg.storage.files import digest, disk_faults

__all__ = ["NAME", "ManifestEntry", "RunManifest"]

NAME = "fairreg-run.json"
_FORMAT = "fairreg-run-1"


@dataclass(frozen=True)
class ManifestEntry:
    """One output: the digests of input and output, the items, the figures; `by` says which model and how."""

    by: Mapping[str, Any]
    input: str
    input_sha256: str
    sha256: str
    items: int
    metrics: Mapping[str, float]


class RunManifest:
    """The note in `folder`; one that cannot be read is as if there was none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = _read(folder / NAME)

    def proven(self, name: str, by: Mapping[str, Any], input_sha256: str) -> ManifestEntry | None:
        """What is known of the output `name`, if it was made so and of this, and still has its bytes."""
        made, path = self._made.get(name), self._folder / name
        if made is None or made.by != by or made.input_sha256 != input_sha256:
            return None
        return made if path.is_file() and digest(path) == made.sha256 else None

    def add(self, name: str, made: ManifestEntry) -> None:
        """Note an output that is complete."""
        self._made[name] = made
        outputs = {key: asdict(item) for key, item in sorted(self._made.items())}
        text = json.dumps({"format": _FORMAT, "outputs": outputs}, indent=1)
        part = self._folder / f".{NAME}.part"
        with disk_faults(NAME):
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(self._folder / NAME)


def _read(path: Path) -> dict[str, ManifestEntry]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != _FORMAT:
            return {}
        return {name: ManifestEntry(**item) for name, item in document["outputs"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
