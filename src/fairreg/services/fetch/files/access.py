# SPDX-License-Identifier: MIT
"""Ways to the files of a gated record: the form to accept at its page, and the token of the account."""

from fairreg.errors import AccessDenied
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings
from fairreg.sources import source_named

__all__ = ["access_advice", "refusal_of_gated"]


def access_advice(record: ModelRecord, settings: Settings) -> str | None:
    """Return the sentence that says how a user gets the files of a gated record, None for other records."""
    if record.access is None or record.access.level != "gated":
        return None
    source = record.provenance.source
    page, variable = record.provenance.url or record.identifier, source_named(source).token_variable
    if variable is None or source not in settings.services:
        return f"Accept the conditions at {page}."
    if settings.service(source).authorization:
        return f"The account of the token in {variable} needs access: accept the conditions at {page}."
    return f"Accept the conditions at {page}, signed in, then set {variable} to a token of that account."


def refusal_of_gated(error: AccessDenied, record: ModelRecord, settings: Settings) -> AccessDenied:
    """Return the refusal of a file, for a gated record with what to do about it."""
    advice = access_advice(record, settings)
    if advice is None:
        return error
    return AccessDenied(f"{record.identifier} is gated. {error.message}", hint=advice)
