# SPDX-License-Identifier: MIT
"""Download with zenodo_get, as an option (``--downloader zenodo_get``).

zenodo_get is AGPL-3.0-only, so it is an extra and runs as a separate program. Its downloads are verified
again here. It supports only the public Zenodo.
"""

import glob
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from fairreg.errors import MissingEngine, Offline, Unreachable, UsageError
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded, Progress, adopt, cached_copy
from fairreg.settings import Settings
from fairreg.sources import ZENODO
from fairreg.storage.cache import Cache
from fairreg.storage.file_names import safe_name
from fairreg.storage.replacement import draft_folder_of
from fairreg.web import HttpClient

__all__ = ["ZenodoGet"]


class ZenodoGet:
    """A downloader of Zenodo's files. Raises MissingEngine without the extra ``zenodo``."""

    def __init__(self, settings: Settings) -> None:
        if find_spec("zenodo_get") is None:
            raise MissingEngine("zenodo_get", "zenodo")
        if settings.service(ZENODO.name).configured:
            raise UsageError(
                "zenodo_get supports only zenodo.org.",
                hint="Unset FAIRREG_ZENODO_URL, or leave --downloader out.",
            )
        if settings.offline:
            raise Offline("Offline mode is on, so zenodo_get was not started.", hint=settings.online_hint)

    def __call__(
        self,
        _web: HttpClient,
        cache: Cache,
        item: Distribution,
        record: ModelRecord,
        _progress: Progress | None,
    ) -> Downloaded:
        """Download one file into the cache; zenodo_get has its own client and progress bar."""
        if record.provenance.source != ZENODO.name:
            raise UsageError(f"{record.identifier} is not on Zenodo.", hint="Leave --downloader out.")
        cached = cached_copy(cache, item)
        return cached or adopt(cache, item, self._download(cache, item, record.provenance.source_id))

    def _download(self, cache: Cache, item: Distribution, number: str) -> Path:
        part = cache.partial(f"zenodo_get:{number}:{item.name}")
        with draft_folder_of(part) as folder:
            pattern = glob.escape(item.name)
            chosen = ["-o", str(folder), "-g", pattern, "-v", "1"]
            command = [sys.executable, "-m", "zenodo_get", number, *chosen]
            done = subprocess.run(command, stdout=sys.stderr, check=False)  # noqa: S603 - no shell, no user text
            files = [path for path in folder.rglob("*") if path.is_file()]
            wanted = [path for path in files if safe_name(path.name) == safe_name(item.name)]
            if done.returncode or not wanted:
                raise Unreachable(
                    f"zenodo_get did not download {item.name} (exit code {done.returncode}).",
                    hint="Try without --downloader.",
                )
            wanted[0].replace(part)
        return part
