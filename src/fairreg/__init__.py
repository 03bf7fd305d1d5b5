# SPDX-License-Identifier: MIT
"""A FAIR model registry and federated search tool.

    import fairreg
    fairreg.search("Hbb tagger").results[0].doi
    fairreg.fetch("10.5281/zenodo.7305227").models
    hbb = fairreg.load("10.5281/zenodo.7305227")
    hbb.predict(tracks, vertices)
    fairreg.assess("10.5281/zenodo.7305227").letters

Names are imported on first use, so that ``import fairreg`` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairreg import harvesters
    from fairreg.schemas.record import ModelRecord
    from fairreg.services.api import (
        Registry,
        assess,
        diff,
        fetch,
        fingerprint,
        load,
        lock,
        resolve,
        search,
        verify,
    )

__all__ = [
    "ModelRecord",
    "Registry",
    "assess",
    "diff",
    "fetch",
    "fingerprint",
    "harvesters",
    "load",
    "lock",
    "resolve",
    "search",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'fairreg' has no attribute {name!r}")
    if name == "harvesters":
        return import_module("fairreg.harvesters")
    room = "fairreg.schemas.record" if name == "ModelRecord" else "fairreg.services.api"
    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
