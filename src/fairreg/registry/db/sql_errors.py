# SPDX-License-Identifier: MIT
"""Translate database errors into one sentence with a next step. Pure: no connection is needed."""

import re

from sqlalchemy import URL, make_url
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from fairreg.addresses import DATABASE_HINT
from fairreg.errors import (
    FairregError,
    MissingEngine,
    RegistryError,
    RegistryNotWritable,
    RegistryUnreachable,
    UsageError,
)

__all__ = [
    "bad_url",
    "location_of_url",
    "place_of_url",
    "text_error",
    "translate_error",
    "unknown_kind",
    "unreadable",
]

# What messages call a URL of which no engine can be made. Its text is in none of them, and so is none of what
# a library says of it: what is wrong may be a password that stands in another place.
_SETTING = "FAIRREG_DATABASE_URL, or database_url in the config file,"
_PLACE = "FAIRREG_DATABASE_URL or, in the config file, database_url"

_Message = tuple[str, str]  # what happened, what to do; {place} is the file or the masked URL

# Codes, by prefix, of a database that can only be read.
_NOT_WRITABLE = (
    "SQLITE_READONLY",
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_SHM",
    "SQLITE_IOERR_TRUNC",
)
_NOT_WRITABLE_STATES = ("25006", "42501", "53100")
_LOCKED = ("Another process holds a lock on the database {place}.", "Wait until it is done and try again.")
# SQLite's result codes, by prefix.
_SQLITE: dict[str, _Message] = {
    "SQLITE_NOTADB": (
        "{place} is not a database.",
        f"Move it away, or name another file with {_PLACE}.",
    ),
    "SQLITE_CORRUPT": (
        "The database {place} is damaged.",
        "Run `fairreg db check`, or restore a copy.",
    ),
    "SQLITE_FULL": (
        "The disk is full; nothing was written to {place}.",
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
_TRY_LATER = "Try again later; committed changes are safe."
# SQLSTATE codes, by prefix: PostgreSQL's documentation, appendix A.
_POSTGRESQL: dict[str, _Message] = {
    "28": (
        "Authentication failed for {place}.",
        f"Check user and password in {_PLACE}, or keep the password in ~/.pgpass.",
    ),
    "3D000": ("There is no database at {place}.", "Create it: createdb --encoding=UTF8 NAME"),
    "42501": (
        "The user of {place} lacks a permission.",
        "Write as the owner of the database; of a new one make it so: ALTER DATABASE name OWNER TO user",
    ),
    "25006": (
        "The database {place} is read-only.",
        f"Name a server that accepts writes, not a standby, with {_PLACE}.",
    ),
    "53100": (
        "The disk of the database {place} is full; nothing was written.",
        "Free some space on the server and try again.",
    ),
    "53300": ("The database server of {place} has reached its connection limit.", _TRY_LATER),
    "53": ("The database server of {place} is out of resources.", _TRY_LATER),
    "55P03": _LOCKED,
    "40": ("Another process changed the same rows of {place} at the same time.", "Try again."),
    "57014": ("The database server of {place} cancelled a slow statement.", "Raise its statement_timeout."),
    "57P": ("The database server of {place} is shutting down or starting up.", _TRY_LATER),
    "58": ("Reading or writing failed on the server of {place}.", "See the server's log."),
    "XX": ("The database {place} is damaged.", "See the server's log, and restore a backup."),
    "54000": (
        "A record holds an identifier or another indexed text that is too long for {place}.",
        "Shorten it to at most 1,300 bytes.",
    ),
    "08": (
        "The connection to the database {place} was lost.",
        "Committed changes are safe; try again when the server can be reached.",
    ),
}
_NOT_READABLE = (
    "The user of {place} lacks the permission to read.",
    (
        "Let the owner grant it: GRANT USAGE ON SCHEMA public TO user; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO user"
    ),
)
_NOT_CONNECTABLE = (
    "The user of {place} lacks the permission to connect.",
    "Let the owner grant it: GRANT CONNECT ON DATABASE name TO user",
)
# libpq passes on only the text of a failed login, without its SQLSTATE.
_CONNECTING_DENIED = "CONNECT"  # instead of 42501, which is about what a session may do
_LOGIN_FAILURES: tuple[tuple[str, str], ...] = (
    (r"authentication|password|pg_hba\.conf|role \".*\" (does not exist|is not permitted)", "28"),
    (r"database \".*\" does not exist", "3D000"),
    (r"permission denied for database", _CONNECTING_DENIED),
    (r"too many (clients|connections)|connection slots", "53300"),
    (r"the database system is|not (yet )?accepting connections", "57P"),
)
_UNREACHABLE = (
    "The database server of {place} cannot be reached.",
    f"Check host and port in {_PLACE}, and that the server is running.",
)
# SQLSTATE classes of an unavailable service; the others are about the request.
_AWAY = ("08", "57P", "53300")


def translate_error(error: SQLAlchemyError, location: str, *, reading: bool = False) -> RegistryError:
    """Return the RegistryError for a database error; RegistryUnreachable where no server answered.

    `reading`: nothing was to be written, so that a missing permission is one to read.
    """
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorname", None) or ""
    if found := _by_code(code, _SQLITE):
        return _error(_kind(code, _NOT_WRITABLE), found, location)
    state = getattr(original, "sqlstate", None) or _state_of_connecting(error)
    if refused := _refused_by_server(state, location, reading=reading):
        return refused
    if "could not parse" in str(error).lower():
        return RegistryError(f"{_SETTING} is not a database URL.", hint=DATABASE_HINT)
    if type(original).__module__.startswith("psycopg") and not getattr(original, "sqlstate", None):
        return RegistryError(
            f"{_SETTING} has an option that PostgreSQL's client does not take.",
            hint="Check what is behind the question mark: keywords of libpq, such as connect_timeout=5.",
        )
    first_line = str(original or error).strip().partition("\n")[0]
    return RegistryError(
        f"The database {location} reported an error: {first_line}", hint="Run `fairreg db check`."
    )


def _refused_by_server(state: str, location: str, *, reading: bool) -> RegistryError | None:
    if state == "unreachable":
        return _error(RegistryUnreachable, _UNREACHABLE, location)
    if state == _CONNECTING_DENIED:
        return _error(RegistryError, _NOT_CONNECTABLE, location)
    if reading and state == "42501":
        return unreadable(location)
    if (found := _by_code(state, _POSTGRESQL)) is None:
        return None
    away = state.startswith(_AWAY)
    return _error(RegistryUnreachable if away else _kind(state, _NOT_WRITABLE_STATES), found, location)


def unreadable(location: str) -> RegistryError:
    """Return the error for a registry whose user may not read it."""
    return _error(RegistryError, _NOT_READABLE, location)


def bad_url(error: NoSuchModuleError | ImportError | ValueError) -> FairregError:
    """Return the error for a URL of which no engine can be made."""
    if isinstance(error, NoSuchModuleError):
        return RegistryError(f"{_SETTING} names an unknown database driver.", hint=DATABASE_HINT)
    if isinstance(error, ValueError):
        return RegistryError(
            f"{_SETTING} has a port or an option that is not a number, or is not a URL.", hint=DATABASE_HINT
        )
    if error.name == "psycopg":
        return MissingEngine("psycopg", "postgres")
    return RegistryError(f"{_SETTING} names a driver that cannot be loaded.", hint=DATABASE_HINT)


def unknown_kind() -> RegistryError:
    """Return the error for a URL of another kind of database."""
    return RegistryError(f"{_SETTING} names an unknown kind of database.", hint=DATABASE_HINT)


def text_error(error: UnicodeError, location: str) -> FairregError:
    """Return the error for a text that a database cannot take, or for one of its own that is none."""
    if isinstance(error, UnicodeEncodeError):
        return UsageError(
            "A text holds bytes that are not UTF-8, which no registry has.", hint="Type the text again."
        )
    message, hint = _SQLITE["SQLITE_CORRUPT"]
    return RegistryError(message.format(place=location), hint=hint)


def location_of_url(url: str) -> str:
    """Return the location for messages: a path, or the URL with its user, without password and options.

    Options may be secrets, or name what is of one person. Those that say where the server is are no secret,
    and stand where a URL has them.
    """
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return "the database URL"
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return parsed.database
    return _plain(parsed).render_as_string(hide_password=True)


def place_of_url(url: str) -> str:
    """Return host, port and name of a database on a server, without its user, who may be a person."""
    parsed = _plain(make_url(url))
    return URL.create(
        parsed.drivername, host=parsed.host, port=parsed.port, database=parsed.database
    ).render_as_string()


def _plain(url: URL) -> URL:
    """Return a URL without its query, of which host, port and name win, as they do in SQLAlchemy's driver."""
    stated = {name: value for name, value in url.query.items() if isinstance(value, str)}
    port = stated.get("port", "")
    return url.set(
        query={},
        host=stated.get("host") or stated.get("hostaddr") or url.host,
        port=int(port) if port.isascii() and port.isdecimal() and len(port) < _LONG else url.port,
        database=stated.get("dbname") or url.database,
    )


_LONG = 6  # digits; a port has fewer


def _by_code(code: str, known: dict[str, _Message]) -> _Message | None:
    return next((found for prefix, found in known.items() if code.startswith(prefix)), None)


def _kind(code: str, not_writable: tuple[str, ...]) -> type[RegistryError]:
    return RegistryNotWritable if code.startswith(not_writable) else RegistryError


def _error(kind: type[RegistryError], found: _Message, location: str) -> RegistryError:
    message, hint = found
    return kind(message.format(place=location), hint=hint)


def _state_of_connecting(error: SQLAlchemyError) -> str:
    """Return the SQLSTATE of a failed or lost connection, derived from its text; empty for other errors."""
    if getattr(error, "connection_invalidated", False):
        return "08006"
    original = getattr(error, "orig", None)
    if not type(original).__module__.startswith("psycopg") or type(original).__name__ not in _CONNECTING:
        return ""
    text = str(original)
    return next((state for words, state in _LOGIN_FAILURES if re.search(words, text)), "unreachable")


_CONNECTING = frozenset({"OperationalError", "ConnectionTimeout"})
