# SPDX-License-Identifier: MIT
"""What went wrong in a database, in one sentence with a next step. Pure: no connection is needed."""

import re

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from fairreg.errors import RegistryError, RegistryUnreachable

__all__ = ["URL_HINT", "location_of_url", "translate_error"]

URL_HINT = "Use sqlite:///FILE or postgresql://USER@HOST/NAME."

_Said = tuple[str, str]  # what happened, what to do; {place} is the file or the masked URL

_LOCKED = ("Another process keeps the database {place} locked.", "Wait until it is done and try again.")
# SQLite's result codes, by their beginning.
_SQLITE: dict[str, _Said] = {
    "SQLITE_NOTADB": (
        "{place} is not a database.",
        "Move it away, or set FAIRREG_DATABASE_URL to another file.",
    ),
    "SQLITE_CORRUPT": (
        "The database {place} is damaged.",
        "See what `fairreg db check` says, or restore a copy.",
    ),
    "SQLITE_FULL": (
        "The disk is full, nothing was written to {place}.",
        "Free some space and try again.",
    ),
    "SQLITE_READONLY": (
        "The database {place} is read-only.",
        "Make it and its folder writable, or set FAIRREG_HOME.",
    ),
    "SQLITE_CANTOPEN": (
        "The database {place} cannot be opened.",
        "Check the folder, or set FAIRREG_HOME to another.",
    ),
    "SQLITE_IOERR": ("Reading or writing {place} failed.", "Check the disk it is on, and how full it is."),
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
}
_TRY_LATER = "Try again in a while; what was committed is kept."
# SQLSTATE codes, by their beginning: PostgreSQL's documentation, appendix A.
_POSTGRESQL: dict[str, _Said] = {
    "28": (
        "The database server lets {place} in with no such user or password.",
        "Check user and password in FAIRREG_DATABASE_URL, or keep the password in ~/.pgpass.",
    ),
    "3D000": ("There is no database at {place}.", "Make it: createdb --encoding=UTF8 NAME"),
    "42501": (
        "The user of {place} may not do that.",
        "Let the user own the database: ALTER DATABASE name OWNER TO user",
    ),
    "25006": (
        "The database {place} is read-only.",
        "Set FAIRREG_DATABASE_URL to a server that takes changes, not to a standby.",
    ),
    "53100": (
        "The disk of the database {place} is full, nothing was written.",
        "Free some space on the server and try again.",
    ),
    "53300": ("The database server of {place} takes no more connections.", _TRY_LATER),
    "53": ("The database server of {place} has not enough resources.", _TRY_LATER),
    "55P03": _LOCKED,
    "40": ("Another process changed the same rows of {place} at that moment.", "Try again."),
    "57014": ("The database server of {place} ended what took too long.", "Raise its statement_timeout."),
    "57P": ("The database server of {place} is shutting down or starting.", _TRY_LATER),
    "58": ("Reading or writing failed at the server of {place}.", "See the server's log."),
    "XX": ("The database {place} is damaged.", "See the server's log, and restore a backup."),
    "54000": (
        "A record holds an identifier, or another text to look things up by, that is too long for {place}.",
        "Shorten it to at most 1,300 bytes.",
    ),
    "08": (
        "The connection to the database {place} was lost.",
        "What was committed is kept; try again when the server can be reached.",
    ),
}
# Of what the server says of one that it does not let in, libpq passes on the text only.
_AT_THE_DOOR: tuple[tuple[str, str], ...] = (
    (r"authentication|password|pg_hba\.conf|role \".*\" (does not exist|is not permitted)", "28"),
    (r"database \".*\" does not exist", "3D000"),
    (r"permission denied for database", "42501"),
    (r"too many (clients|connections)|connection slots", "53300"),
    (r"the database system is|not (yet )?accepting connections", "57P"),
)
_UNREACHABLE = (
    "The database server of {place} cannot be reached.",
    "Check host and port in FAIRREG_DATABASE_URL, and that the server runs.",
)
# With these the service is not to be had at all; the others are about what was asked of it.
_AWAY = ("08", "57P", "53300")


def translate_error(error: SQLAlchemyError, location: str) -> RegistryError:
    """The error that says it; RegistryUnreachable where no server answered."""
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorname", None) or ""
    if said := _by_code(code, _SQLITE):
        return _error(RegistryError, said, location)
    state = getattr(original, "sqlstate", None) or _state_of_connecting(error)
    if state == "unreachable":
        return _error(RegistryUnreachable, _UNREACHABLE, location)
    if said := _by_code(state, _POSTGRESQL):
        return _error(RegistryUnreachable if state.startswith(_AWAY) else RegistryError, said, location)
    if "could not parse" in str(error).lower():
        return RegistryError("FAIRREG_DATABASE_URL is no database URL.", hint=URL_HINT)
    first_line = str(original or error).strip().partition("\n")[0]
    return RegistryError(
        f"The database {location} refused: {first_line}", hint="See what `fairreg db check` says."
    )


def location_of_url(url: str) -> str:
    """The database as a message may name it: a path, or the URL without anything secret."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return "the database URL"
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return parsed.database
    secret = [name for name in parsed.query if "password" in name.lower()]
    return parsed.difference_update_query(secret).render_as_string(hide_password=True)


def _by_code(code: str, known: dict[str, _Said]) -> _Said | None:
    return next((said for prefix, said in known.items() if code.startswith(prefix)), None)


def _error(kind: type[RegistryError], said: _Said, location: str) -> RegistryError:
    message, hint = said
    return kind(message.format(place=location), hint=hint)


def _state_of_connecting(error: SQLAlchemyError) -> str:
    """The SQLSTATE that a failed or lost connection would have had; empty for what is neither."""
    if getattr(error, "connection_invalidated", False):
        return "08006"
    original = getattr(error, "orig", None)
    if not type(original).__module__.startswith("psycopg") or type(original).__name__ not in _CONNECTING:
        return ""
    text = str(original)
    return next((state for words, state in _AT_THE_DOOR if re.search(words, text)), "unreachable")


_CONNECTING = frozenset({"OperationalError", "ConnectionTimeout"})
