# SPDX-License-Identifier: MIT
"""Web addresses, parsed once: what is checked is what is requested.

Parsers differ on a backslash, an escaped host, user names, 0x7f.1 or an international name. So an address is
read strictly (RFC 3986) into one canonical form, or refused; the client judges this form and sends it.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from fairreg.errors import UnsafeAddress, UsageError

__all__ = [
    "DATABASE_HINT",
    "Address",
    "Origin",
    "database_url",
    "joined",
    "parse",
    "peer_url",
    "public_url",
    "service_url",
]

DATABASE_HINT = "Use sqlite:///FILE or postgresql://HOST/NAME."

# Scheme, host and port (RFC 6454).
Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^\\]*)@)?(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@%\\]+))(?::(?P<port>[0-9]*))?"
)
# Letters, digits and hyphens, and the underscore of some names in use.
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
# A last label by which WHATWG's and C libraries' parsers read an IPv4 address, as in 127.1 or 0x7f000001.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_PATH = "/%:@!$&'()*+,;=~"
_LONGEST, _LONGEST_NAME, _HIGHEST_PORT, _SHOWN = 2**15, 1000, 65535, 200


class Address(NamedTuple):
    """An http(s) address in canonical form, without fragment.

    `host` is a lower-case ASCII name without a final dot, or an IP address without brackets; `path` and
    `query` are escaped, and `path` has no dot segments. `user` is user and password as written, escaped.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str
    user: str | None = None

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        """Host and port, the latter unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address to request: without user and password, which travel in a header."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.netloc}{self.path}{query}"

    def begins_with(self, base: "Address") -> bool:
        """Tell whether this address is `base` or lies below its path; False for one with escaped dots."""
        if self.origin != base.origin or ".." in unquote(self.path).split("/"):
            return False
        return f"{self.path.rstrip('/')}/".startswith(f"{base.path.rstrip('/')}/")


@lru_cache(256)
def parse(text: str) -> Address:
    """Parse an http(s) address. Raises UnsafeAddress for any other text, and for one with two readings."""
    try:
        return _parsed(text)
    except (ValueError, UnicodeError) as error:
        raise UnsafeAddress(f"Refused to follow {_shown(text)}: it is not a valid address.") from error


def joined(base: str, target: str) -> str:
    """Resolve the reference `target` of a document at `base`. Raises UnsafeAddress if it is not one."""
    try:
        if _CONTROL.search(target):
            raise ValueError("a control character")
        return urljoin(base, target)
    except ValueError as error:
        raise UnsafeAddress(
            f"Refused to follow a redirect to {_shown(target)}: it is not a valid address."
        ) from error


def _parsed(text: str) -> Address:
    text = text.strip()
    if len(text) > _LONGEST or _CONTROL.search(text):
        raise ValueError("too long, or a control character")
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.netloc:
        raise UnsafeAddress(f"Refused to follow {_shown(text)}: only http and https are supported.")
    found = _AUTHORITY.fullmatch(parts.netloc)
    if found is None:
        raise ValueError("not a host and a port")
    host = str(ipaddress.IPv6Address(found["six"])) if found["six"] else _host(found["name"])
    port = int(found["port"]) if found["port"] else _PORTS[parts.scheme]
    if not 0 < port <= _HIGHEST_PORT:
        raise ValueError("not a port")
    path, query = _without_dots(_escaped(parts.path, _PATH)), _escaped(parts.query, _PATH + "?")
    return Address(parts.scheme, host, port, path, query, found["user"])


def _host(name: str) -> str:
    """Return the ASCII name of a host, by the rules of 2008 for international ones (RFC 5891, UTS #46)."""
    if len(name) > _LONGEST_NAME:
        raise ValueError("too long")
    if not name.isascii():
        import idna

        name = idna.encode(name, uts46=True).decode("ascii")
    name = name.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise ValueError("not the name of a host")
    return str(ipaddress.IPv4Address(name)) if _NUMBER.fullmatch(name) else name


def _escaped(text: str, safe: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", text), safe=safe)


def _without_dots(path: str) -> str:
    """Remove the segments . and .. of a path (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def public_url(text: str, stated_in: str) -> str:
    """Return the public address of the server in ASCII, given in a setting or an option. UsageError."""
    try:
        address = parse(text)
    except UnsafeAddress:
        address = None
    if address is not None and address.user is not None:
        raise UsageError(
            f"{stated_in} has a user or a password, which every answer would tell.",
            hint="Leave out what is before the @.",
        )
    if address is None or set("?#") & set(text):
        raise UsageError(
            f"{stated_in} is not an http(s) address without a query.",
            hint="Give the address that visitors use, such as https://models.example.org.",
        )
    return f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}"


def peer_url(text: str, stated_in: str) -> str:
    """Return the canonical base URL of another registry, given in a setting or an argument. UsageError.

    The address of its OAI-PMH, which directories of repositories list, stands for its base URL.
    """
    try:
        address = parse(text)
    except UnsafeAddress:
        address = None
    if address is None or address.user is not None or address.query or "#" in text:
        raise UsageError(
            f"{stated_in} is not the base URL of a fairreg server.",
            hint="Give http:// or https://, a host and no user, password or query, as http://127.0.0.1:8080.",
        )
    base = address.path.rstrip("/").removesuffix("/oai").rstrip("/")
    return f"{address.scheme}://{address.netloc}{base}"


def service_url(text: str, stated_in: str) -> tuple[str, str | None]:
    """Return a base URL in a setting without user and password, and these as "user:password". UsageError."""
    try:
        address = parse(text)
        login = None if address.user is None else unquote(address.user, errors="strict")
        (login or "").encode()  # raises for bytes of the environment that are not text
    except (UnsafeAddress, UnicodeError):
        address, login = None, None
    if address is None or address.query or "#" in text:
        raise UsageError(
            f"{stated_in} is not an http(s) address without a query.",
            hint=f"Unset {stated_in} or set it to a base URL.",
        )
    return (text if address.user is None else text.replace(f"{address.user}@", "", 1)), login


# The parts of a database URL as SQLAlchemy divides it (sqlalchemy/engine/url.py, _parse_url).
_DATABASE_URL = re.compile(
    r"(?P<kind>sqlite|postgresql)(?:\+\w+)?://(?:[^:/]*(?::[^@]*)?@)?"
    r"(?:(?:\[(?P<ipv6>[^/?]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?)?(?:[/?]|\Z)"
)


def database_url(text: str, stated_in: str) -> str:
    """Return the URL of the registry in a setting, whose host and port can be those of one. UsageError.

    What is wrong is not quoted: a password without its user or host stands where the port does. Whether there
    is a driver for it, the database says.
    """
    if "\0" in text:
        raise UsageError(f"{stated_in} has a null character, which no URL has.", hint=DATABASE_HINT)
    found = _DATABASE_URL.match(text)
    if found is None:
        return text
    port = found["port"]
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port[:9]) <= _HIGHEST_PORT):
        if "[" in (found["host"] or ""):
            fault = "has a bracket without its pair in the host"
        else:
            fault = f"has a port that is not a number from 1 to {_HIGHEST_PORT}"
        raise UsageError(
            f"{stated_in} {fault}.",
            hint="A password stands between a user and a host; an IPv6 address stands in brackets: "
            "postgresql://[::1]:5432/NAME.",
        )
    return text
