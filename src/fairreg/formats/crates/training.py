# SPDX-License-Identifier: MIT
"""The training of a model as a CreateAction of a Process Run Crate (https://w3id.org/ro/wfrun/process/0.5).

Only what the record states: the code at a version, the data and the weights. A record has neither times nor
the person who ran the training, so the action has none. The profile requires the code as instrument, and
RO-Crate 1.2 its version: without them there is no action.
"""

import re
from collections.abc import Sequence
from typing import Final

from fairreg.formats.crates.data import address
from fairreg.formats.crates.entities import Entities, Entity, Reference
from fairreg.formats.crates.related import add_object
from fairreg.formats.related import code_of, training_data_of
from fairreg.schemas.record import ModelRecord

__all__ = ["add_training"]

_PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"
_REVISION: Final = re.compile(
    r"(?P<repository>https://.+?)(?:/-)?/(?P<kind>tree|releases/tag|commit|archive|blob|src)/(?P<version>[^/?#]+).*"
)
_TOLD: Final = (
    "As far as the record of the model states it: source code, training data and resulting files; "
    "it states neither when the training ran nor who ran it."
)


def add_training(entities: Entities, record: ModelRecord, weights: Sequence[Reference]) -> Entity:
    """Add the action and the profile; return the properties of the root that refer to them.

    Without files of weights the crate as a whole is the result. Empty for other kinds, and without code.
    """
    code = _software(code_of(record) or "")
    if record.kind != "model" or code is None:
        return {}
    instrument = entities.add(code)
    action = {
        "@type": "CreateAction",
        "name": f"Training of {record.name}",
        "description": _TOLD,
        "instrument": instrument,
        "object": [add_object(entities, item) for item in training_data_of(record)],
        "result": list(weights) or [{"@id": "./"}],
    }
    profile = {"@type": ["CreativeWork", "Profile"], "name": "Process Run Crate", "version": "0.5"}
    return {
        "conformsTo": [entities.add({"@id": _PROFILE, **profile})],
        "mentions": [entities.add_local("training", action)],
    }


def _software(code: str) -> Entity | None:
    """Return source code at a version by the address of its tree; None without a version."""
    found = _REVISION.fullmatch(code)
    if found is None or address(code) is None:
        return None
    repository, version = found["repository"], found["version"]
    tree = f"{repository}/tree/{version}" if found["kind"] == "blob" else code
    facts = {"name": repository.rpartition("/")[2] or repository, "url": tree, "version": version}
    return {"@id": tree, "@type": "SoftwareApplication", **facts}
