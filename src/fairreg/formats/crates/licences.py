# SPDX-License-Identifier: MIT
"""The licence as an entity with a name, which InvenioRDM's deposit and RO-Crate's readers show."""

from fairreg.formats.crates.entities import Entities, Reference
from fairreg.schemas.jsonld_terms import SPDX
from fairreg.schemas.record import ModelRecord

__all__ = ["add_licence"]


def add_licence(entities: Entities, record: ModelRecord) -> Reference | None:
    """Add the licence: the page in SPDX's list, an expression, or the source's words; None without any."""
    from fairreg.schemas.licenses.spdx_list import list_name  # reads the packaged list

    stated = record.license or record.license_stated
    name = list_name(record.license) if record.license else None
    if name is not None:
        known = {"@id": f"{SPDX}{record.license}", "@type": "CreativeWork", "identifier": record.license}
        return entities.add({**known, "name": name})
    return entities.add_local("license", {"@type": "CreativeWork", "name": stated}) if stated else None
