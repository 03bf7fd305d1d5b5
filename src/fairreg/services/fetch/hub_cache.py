# SPDX-License-Identifier: MIT
"""Files of the Hugging Face Hub that are already in the shared cache of huggingface_hub.

A file is looked up only under the commit in its record, so that it cannot be another version's.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from fairreg.schemas.record import Distribution
from fairreg.sources import HUGGING_FACE

__all__ = ["hub_copy"]

_FILE = re.compile(
    rf"{re.escape(str(HUGGING_FACE.url))}/(?:(?P<type>dataset)s/)?(?P<repository>[^/]+(?:/[^/]+)?)"
    r"/resolve/(?P<commit>[0-9a-f]{40})/(?P<name>.+)"
)


def hub_copy(distribution: Distribution) -> Path | None:
    """Path of the file in the cache of huggingface_hub; None if it is not cached or not the Hub's."""
    found = _FILE.fullmatch(distribution.url or "")
    if found is None:
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        path = try_to_load_from_cache(
            found["repository"], unquote(found["name"]), revision=found["commit"], repo_type=found["type"]
        )
    except (HFValidationError, OSError, ValueError):  # no name that the cache has, or one it cannot read
        return None
    return Path(path) if isinstance(path, str) and _is_own(Path(path)) else None


def _is_own(path: Path) -> bool:
    """Tell whether a file is in that cache; its names are links, and one may lead out of it."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return path.resolve().is_relative_to(Path(HF_HUB_CACHE).resolve())
