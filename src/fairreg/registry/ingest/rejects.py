# SPDX-License-Identifier: MIT
"""Rejected payloads, stored until they become records. Runs inside its caller's transaction."""

import hashlib
import logging
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, func, insert, select, update

from fairreg.errors import DamagedRecord
from fairreg.registry.db.row_mapping import unpacked
from fairreg.registry.db.tables import rejected_payloads
from fairreg.registry.db.text_limits import storable_text
from fairreg.registry.entries import RejectedPayload
from fairreg.schemas.record import public_text
from fairreg.schemas.text import clean
from fairreg.schemas.timestamps import now

__all__ = ["every_rejected", "rejected_payloads_of", "rejection_reasons", "store_rejected"]

_LOG = logging.getLogger(__name__)


def store_rejected(connection: Connection, item: RejectedPayload) -> None:
    """Store a rejected payload with its reason; the same payload of a source is stored once."""
    digest = hashlib.sha256(item.payload).hexdigest()
    known = (rejected_payloads.c.source == item.source) & (rejected_payloads.c.payload_sha256 == digest)
    said = {
        "reason": storable_text(item.reason),
        "path": None if item.path is None else storable_text(item.path),
    }
    if connection.execute(update(rejected_payloads).where(known).values(said)).rowcount == 0:
        connection.execute(
            insert(rejected_payloads).values(
                source=item.source,
                payload_sha256=digest,
                payload=zlib.compress(item.payload, 6),
                refused_at=item.refused_at or now(),
                **said,
            )
        )


def rejected_payloads_of(connection: Connection, source: str | None) -> tuple[RejectedPayload, ...]:
    """Return the rejected payloads of `source`, or of all sources, in the order of arrival.

    A damaged one, of which nothing else is left, is left out and logged.
    """
    found = []
    for item in every_rejected(connection, source):
        if isinstance(item, DamagedRecord):
            _LOG.error("%s is damaged, and left out; `fairreg db check` says why.", clean(item.whose))
        else:
            found.append(item)
    return tuple(found)


def every_rejected(
    connection: Connection, source: str | None = None
) -> Iterator[RejectedPayload | DamagedRecord]:
    """Yield the rejected payloads of `source`, or of all; a damaged one as the error that names it."""
    query = select(rejected_payloads).order_by(rejected_payloads.c.source, rejected_payloads.c.id)
    rows = connection.execute(query if source is None else query.where(rejected_payloads.c.source == source))
    for row in rows:
        try:
            payload = unpacked(row.payload, f"The rejected payload {row.id} of {row.source}")
        except DamagedRecord as error:
            yield error
            continue
        yield RejectedPayload(
            source=row.source,
            payload=payload,
            reason=row.reason,
            path=row.path,
            refused_at=row.refused_at,
            payload_sha256=row.payload_sha256,
        )


def rejection_reasons(connection: Connection) -> dict[str, Counter[str]]:
    """Return, by source, how many payloads were rejected for each reason; their content is not read."""
    columns = (rejected_payloads.c.source, rejected_payloads.c.reason)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for source, reason, number in connection.execute(select(*columns, func.count()).group_by(*columns)):
        found[source][public_text(reason)] += number
    return dict(found)
