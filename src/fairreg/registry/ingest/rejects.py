# SPDX-License-Identifier: MIT
"""Payloads that became no record, kept until they do. Runs inside its caller's transaction."""

import hashlib
import zlib

from sqlalchemy import Connection, insert, select, update

from fairreg.registry.db.tables import refusals
from fairreg.registry.db.text_limits import keepable
from fairreg.registry.entries import Refused
from fairreg.schemas.timestamps import now

__all__ = ["refuse", "refused"]


def refuse(connection: Connection, item: Refused) -> None:
    """Keep a refused payload with its reason; the same payload of a source is kept once."""
    digest = hashlib.sha256(item.payload).hexdigest()
    known = (refusals.c.source == item.source) & (refusals.c.payload_sha256 == digest)
    said = {"reason": keepable(item.reason), "path": None if item.path is None else keepable(item.path)}
    if connection.execute(update(refusals).where(known).values(said)).rowcount == 0:
        connection.execute(
            insert(refusals).values(
                source=item.source,
                payload_sha256=digest,
                payload=zlib.compress(item.payload, 6),
                refused_at=item.refused_at or now(),
                **said,
            )
        )


def refused(connection: Connection, source: str | None) -> tuple[Refused, ...]:
    """What is kept of `source`, or of all, in the order of arrival."""
    query = select(refusals).order_by(refusals.c.source, refusals.c.id)
    rows = connection.execute(query if source is None else query.where(refusals.c.source == source))
    return tuple(
        Refused(
            source=row.source,
            payload=zlib.decompress(row.payload),
            reason=row.reason,
            path=row.path,
            refused_at=row.refused_at,
            payload_sha256=row.payload_sha256,
        )
        for row in rows
    )
