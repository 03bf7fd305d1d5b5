# SPDX-License-Identifier: MIT
"""Authors of records whose source does not tell people from groups."""

from msgspec.structs import replace

from fairreg.schemas.record import Creator

__all__ = ["with_kind"]


def with_kind(creator: Creator, *, organization: bool = False) -> Creator:
    """Return the creator as an organization where the source or its name says so (``CMS Collaboration``)."""
    from fairreg.formats.creator_names import is_group  # not needed to list the sources

    return replace(creator, kind="organization") if organization or is_group(creator) else creator
