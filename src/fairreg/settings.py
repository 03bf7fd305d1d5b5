# SPDX-License-Identifier: MIT
"""Settings of fairreg with their help. The only module that reads the environment."""

import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from fairreg.errors import UnsafeAddress, UsageError
from fairreg.sources import BUILT_IN, Pace, Source, all_sources

__all__ = ["VARIABLES", "Service", "Settings", "peer_url", "public_url"]

_LONGEST_SHOWN = 100

_OWN_VARIABLES: Mapping[str, str] = {
    "FAIRREG_HOME": "data folder, with registry and cache",
    "FAIRREG_DATABASE_URL": "SQLAlchemy URL of the registry (default: a SQLite file in the home)",
    "FAIRREG_OFFLINE": "1: send no requests",
    "FAIRREG_DEBUG": "1: show tracebacks",
    "FAIRREG_DISABLE": "sources, separated by commas, that are used only when named",
    "FAIRREG_PEERS": "base URLs of other fairreg servers, separated by commas",
    "FAIRREG_BASE_URL": "public address of `fairreg serve`, which visitors use",
}
# Variables of installed packages are not included: the help lists these without looking for plugins.
VARIABLES: Mapping[str, str] = {
    **_OWN_VARIABLES,
    **{row.token_variable: row.token_help for row in BUILT_IN if row.token_variable},
    **{row.url_variable: row.url_help or f"base URL of {row.title}" for row in BUILT_IN if row.url_variable},
}


@dataclass(frozen=True)
class Service:
    """A web service: its public base URL, and the one configured by the user, without user and password.

    `login` is user and password of the configured one, as "user:password"; it is sent instead of the token.
    """

    name: str
    title: str
    public_url: str
    url: str
    aliases: tuple[str, ...] = ()
    # Hosts with their own paths: requested unchanged, unless the base URL is set.
    file_hosts: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)
    takes_token: bool = False
    pace: Pace | None = None
    token_pace: Pace | None = None

    @property
    def allowed_pace(self) -> Pace | None:
        """The pace of this client: the higher one for tokens needs a token. None without a published one."""
        return self.token_pace if self.token is not None and self.token_pace is not None else self.pace

    @property
    def configured(self) -> bool:
        """True if requests go to a configured base URL instead of the public service."""
        return self.url != self.public_url

    @property
    def netloc(self) -> str:
        """Host and port of requests to this service, in lower case."""
        from fairreg.addresses import parse

        return parse(self.url).netloc

    @property
    def authorization(self) -> str | None:
        """Value of the header Authorization for its own requests (RFC 7617, RFC 6750); None for a guest."""
        if self.login is not None:
            return f"Basic {b64encode(self.login.encode()).decode('ascii')}"
        return f"Bearer {self.token}" if self.token is not None else None


@dataclass(frozen=True)
class Settings:
    """Resolved settings; pass them as an argument, and read the environment only here."""

    home: Path
    database_url: str
    offline: bool = False
    debug: bool = False
    # Unchecked, in lower case; `fairreg.services.enabled_sources` compares them with the known sources.
    disabled: frozenset[str] = frozenset()
    # Public address of the server, without a slash at its end; None: that at which it listens.
    base_url: str | None = None
    # Base URLs of other registries that this one reads, without a slash at their ends.
    peers: tuple[str, ...] = ()
    services: Mapping[str, Service] = field(default_factory=lambda: _services({}))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environ` (default: the process environment).

        Raises UsageError for a base URL that is not http(s), a token that no header can carry, and the home
        of an unknown user; PluginError if an installed package adds an invalid source.
        """
        env = os.environ if environ is None else environ
        home = _home(env)
        return cls(
            home=home,
            database_url=env.get("FAIRREG_DATABASE_URL") or _sqlite_url(home / "registry.sqlite"),
            offline=_flag(env, "FAIRREG_OFFLINE"),
            debug=_flag(env, "FAIRREG_DEBUG"),
            disabled=_names(env, "FAIRREG_DISABLE"),
            base_url=_public_url(env),
            peers=_peers(env),
            services=_services(env),
        )

    @property
    def cache(self) -> Path:
        """Folder of the content-addressed cache."""
        return self.home / "cache"

    @property
    def http_cache(self) -> Path:
        """Folder of cached answers with an ETag, for conditional requests."""
        return self.home / "answers"

    def with_peers(self, urls: Iterable[str]) -> "Settings":
        """Return these settings with further peers, given by their canonical base URLs."""
        return replace(self, peers=tuple(dict.fromkeys((*self.peers, *urls))))

    def service(self, name: str) -> Service:
        """Return the service called `name`. Raises KeyError if `fairreg.sources` has no such service."""
        return self.services[name]

    def __repr__(self) -> str:
        # A database URL may contain a password.
        return f"Settings(home={str(self.home)!r}, offline={self.offline}, database_url=<masked>)"


def _home(env: Mapping[str, str]) -> Path:
    value = env.get("FAIRREG_HOME")
    if not value:
        from platformdirs import user_data_path

        return user_data_path("fairreg", appauthor=False)
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"FAIRREG_HOME is {value!r}, but that user does not exist.",
            hint="Use the full path of the folder.",
        ) from error


def _sqlite_url(path: Path) -> str:
    # In a database URL "?" and "#" end the path, and "%" begins an escape; other characters are literal.
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").strip().lower() not in {"", "0", "false", "no", "off"}


def _names(env: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in env.get(name, "").split(",") if part.strip())


def _services(env: Mapping[str, str]) -> dict[str, Service]:
    return {row.name: _service(row, env) for row in all_sources() if row.url and row.url_variable}


def _service(row: Source, env: Mapping[str, str]) -> Service:
    url, login = _base_url(env, str(row.url_variable))
    return Service(
        name=row.name,
        title=row.title,
        public_url=str(row.url),
        url=url or str(row.url),
        aliases=row.aliases,
        file_hosts=row.file_hosts,
        token=_token(env, row.token_variable) if row.token_variable else None,
        login=login,
        takes_token=row.token_variable is not None,
        pace=row.pace,
        token_pace=row.token_pace,
    )


def _public_url(env: Mapping[str, str]) -> str | None:
    value = env.get("FAIRREG_BASE_URL", "").strip()
    return public_url(value, "FAIRREG_BASE_URL") if value else None


def public_url(text: str, stated_in: str) -> str:
    """Return the public address of the server in ASCII, given in a variable or an option. UsageError."""
    from fairreg.addresses import parse  # most commands need none

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
        said = "is a text with @" if "@" in text else f"is {text[:_LONGEST_SHOWN]!r}"
        raise UsageError(
            f"{stated_in} {said}, which is not an http(s) address without a query.",
            hint="Give the address that visitors use, such as https://models.example.org.",
        )
    return f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}"


def _peers(env: Mapping[str, str]) -> tuple[str, ...]:
    stated = (part.strip() for part in env.get("FAIRREG_PEERS", "").split(","))
    return tuple(dict.fromkeys(peer_url(part, "FAIRREG_PEERS") for part in stated if part))


def peer_url(text: str, stated_in: str) -> str:
    """Return the canonical base URL of another registry, given in a variable or an argument. UsageError.

    The address of its OAI-PMH, which directories of repositories list, stands for its base URL.
    """
    from fairreg.addresses import parse  # few commands name a peer

    try:
        address = parse(text)
    except UnsafeAddress:
        address = None
    if address is None or address.user is not None or address.query or "#" in text:
        # What is before an @ may be a password.
        said = "a text with @" if "@" in text else repr(text)
        raise UsageError(
            f"{stated_in} names {said}, which is not the base URL of a fairreg server.",
            hint="Give http:// or https://, a host and no user, password or query, as http://127.0.0.1:8080.",
        )
    base = address.path.rstrip("/").removesuffix("/oai").rstrip("/")
    return f"{address.scheme}://{address.netloc}{base}"


def _token(env: Mapping[str, str], variable: str) -> str | None:
    """Return an access token without the blanks around it, as a line of a file has them."""
    value = env.get(variable, "").strip()
    if not all("!" <= letter <= "~" for letter in value):
        raise UsageError(
            f"{variable} holds a character that no access token has, such as a line break or a blank.",
            hint=f"Copy the token again, or unset {variable}.",
        )
    return value or None


def _base_url(env: Mapping[str, str], variable: str) -> tuple[str | None, str | None]:
    """Return a base URL without user and password, and these as "user:password"."""
    value = env.get(variable, "").strip().rstrip("/")
    if not value:
        return None, None
    from fairreg.addresses import parse  # most users set none

    try:
        address = parse(value)
        login = None if address.user is None else unquote(address.user, errors="strict")
        (login or "").encode()  # raises for bytes of the environment that are not text
    except (UnsafeAddress, UnicodeError):
        address, login = None, None
    if address is None or address.query or "#" in value:
        # What is before an @ may be a password, wherever the rest is wrong.
        stated = "is set to a text" if "@" in value else f"is {value!r}"
        raise UsageError(
            f"{variable} {stated}, which is not an http(s) address without a query.",
            hint=f"Unset {variable} or set it to a base URL.",
        )
    return (value if address.user is None else value.replace(f"{address.user}@", "", 1)), login
