# SPDX-License-Identifier: MIT
"""Files of the Hugging Face Hub that are here already, in the cache that huggingface_hub keeps for all.

A file is looked for only under the commit that its record names, so that it cannot be another version's.
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
    """Where huggingface_hub keeps the file, None where it does not or the file is not the Hub's."""
    found = _FILE.fullmatch(distribution.url or "")
    if found is None:
        return None
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(
        found["repository"], unquote(found["name"]), revision=found["commit"], repo_type=found["type"]
    )
    return Path(path) if isinstance(path, str) else None
