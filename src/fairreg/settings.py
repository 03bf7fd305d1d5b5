# SPDX-License-Identifier: MIT
"""Settings of fairreg with their help. Only this module reads the environment and the config file."""

import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from fairreg.errors import UsageError
from fairreg.sources import BUILT_IN, Pace, Source, all_sources

if TYPE_CHECKING:
    from fairreg.config_file import ConfigFile

__all__ = [
    "VARIABLES",
    "Option",
    "Service",
    "Settings",
    "UnknownVariable",
    "options",
    "unknown_variables",
]

_PREFIX = "FAIRREG_"
_CONFIG = "FAIRREG_CONFIG"
_CONFIG_NAME = "config.toml"


class Option(NamedTuple):
    """One setting: its environment variable, its key in the config file, and its default for people.

    `key` is None for the variable that names the file itself. `kind` is the type of the value there.
    """

    variable: str
    key: str | None
    kind: Literal["path", "text", "flag", "list", "token", "url"]
    default: str
    meaning: str


_OWN_OPTIONS = (
    Option(
        "FAIRREG_HOME",
        "home",
        "path",
        "the data folder of the system",
        "data folder, with registry and cache",
    ),
    Option(_CONFIG, None, "path", f"{_CONFIG_NAME} in the home", "config file with any of these settings"),
    Option(
        "FAIRREG_DATABASE_URL",
        "database_url",
        "url",
        "registry.sqlite in the home",
        "SQLAlchemy URL of the registry (default: a SQLite file in the home)",
    ),
    Option("FAIRREG_OFFLINE", "offline", "flag", "off", "1: send no requests"),
    Option("FAIRREG_DEBUG", "debug", "flag", "off", "1: show tracebacks"),
    Option(
        "FAIRREG_DISABLE",
        "disable",
        "list",
        "none",
        "sources, separated by commas, that are used only when named",
    ),
    Option(
        "FAIRREG_PEERS", "peers", "list", "none", "base URLs of other fairreg servers, separated by commas"
    ),
    Option(
        "FAIRREG_BASE_URL",
        "base_url",
        "url",
        "where it listens",
        "public address of `fairreg serve`, which visitors use",
    ),
)


def options(rows: Iterable[Source] = BUILT_IN) -> tuple[Option, ...]:
    """Return every setting: those of fairreg, then tokens and base URLs of the services in `rows`."""
    services = [row for row in rows if row.url and row.url_variable]
    tokens = [
        Option(row.token_variable, f"tokens.{row.name}", "token", "", row.token_help or f"{row.title} token")
        for row in services
        if row.token_variable
    ]
    urls = [
        Option(
            str(row.url_variable),
            f"urls.{row.name}",
            "url",
            str(row.url),
            row.url_help or f"base URL of {row.title}",
        )
        for row in services
    ]
    return (*_OWN_OPTIONS, *tokens, *urls)


# Variables of installed packages are not included: the help lists these without looking for plugins.
VARIABLES: Mapping[str, str] = {option.variable: option.meaning for option in options()}


class UnknownVariable(NamedTuple):
    """A variable that looks like a setting and is none, with the name that may be meant."""

    name: str
    suggestion: str | None


_OF_TESTS = "FAIRREG_TEST_"  # such a variable tells the tests of fairreg where other programs are


def unknown_variables(environ: Mapping[str, str] | None = None) -> tuple[UnknownVariable, ...]:
    """Return the variables of `environ` (default: the process environment) that begin as fairreg's own do.

    Raises PluginError if an installed package adds an invalid source.
    """
    from difflib import get_close_matches

    known = {option.variable: option.variable.removeprefix(_PREFIX) for option in options(all_sources())}
    named = sorted(os.environ if environ is None else environ)
    found = {name: name.upper().removeprefix(_PREFIX) for name in named if name.upper().startswith(_PREFIX)}
    near = {
        name: get_close_matches(rest, known.values(), n=1, cutoff=0.75)
        for name, rest in found.items()
        if name not in known and not name.upper().startswith(_OF_TESTS)
    }
    meant = {rest: name for name, rest in known.items()}
    return tuple(UnknownVariable(name, meant[item[0]] if item else None) for name, item in near.items())


class _Stated(NamedTuple):
    """Texts of the settings: those of the environment, else those of the config file."""

    environ: Mapping[str, str]
    file: "ConfigFile | None" = None

    def get(self, variable: str) -> str:
        """Return the text of a setting; empty where it is not set."""
        own = self.environ.get(variable, "")
        return own if own.strip() or self.file is None else self.file.texts.get(variable, "")

    def named(self, variable: str) -> str:
        """Return what messages call a setting: its variable, or its key with the file."""
        if self.file is None or self.environ.get(variable, "").strip():
            return variable
        return self.file.names.get(variable, variable)

    def places(self) -> dict[str, str]:
        """Return where each setting that is set comes from, by its variable."""
        own = {option.variable: self.environ.get(option.variable, "") for option in options(all_sources())}
        stated = dict.fromkeys(self.file.texts if self.file else (), "config file")
        return stated | {name: "environment" for name, text in own.items() if text.strip()}


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
    services: Mapping[str, Service] = field(default_factory=lambda: _services(_Stated({})))
    # The config file that was read, None without one; what is unsafe about it, each with a command.
    config: Path | None = None
    config_faults: tuple[tuple[str, str], ...] = ()
    # By variable: where a setting comes from ("environment", "config file"); what messages call it.
    stated: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings from `environ` (default: the process environment), then from the config file.

        Raises UsageError for a base URL that is not http(s), a token that no header can carry, the home of
        an unknown user, and a config file that is not one; PluginError if an installed package adds an
        invalid source.
        """
        env = _stated(os.environ if environ is None else environ)
        home = _home(env)
        return cls(
            home=home,
            database_url=_database_url(env, home),
            offline=_flag(env, "FAIRREG_OFFLINE"),
            debug=_flag(env, "FAIRREG_DEBUG"),
            disabled=_names(env, "FAIRREG_DISABLE"),
            base_url=_public_url(env),
            peers=_peers(env),
            services=_services(env),
            config=env.file.path if env.file else None,
            config_faults=env.file.faults if env.file else (),
            stated=env.places(),
            names={name: env.named(name) for name in (env.file.names if env.file else ())},
        )

    @property
    def cache(self) -> Path:
        """Folder of the content-addressed cache."""
        return self.home / "cache"

    @property
    def http_cache(self) -> Path:
        """Folder of cached answers with an ETag, for conditional requests."""
        return self.home / "answers"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is unsafe about the config file."""
        return tuple(f"{fault}: {command}" for fault, command in self.config_faults)

    @property
    def online_hint(self) -> str:
        """The next step where offline mode is in the way."""
        if self.stated.get("FAIRREG_OFFLINE") == "config file":
            return f"Set FAIRREG_OFFLINE=0 to allow it: {self.config} says offline."
        return "Unset FAIRREG_OFFLINE to allow it."

    def with_peers(self, urls: Iterable[str]) -> "Settings":
        """Return these settings with further peers, given by their canonical base URLs."""
        return replace(self, peers=tuple(dict.fromkeys((*self.peers, *urls))))

    def service(self, name: str) -> Service:
        """Return the service called `name`. Raises KeyError if `fairreg.sources` has no such service."""
        return self.services[name]

    def __repr__(self) -> str:
        # A database URL may contain a password.
        return f"Settings(home={str(self.home)!r}, offline={self.offline}, database_url=<masked>)"


def _stated(environ: Mapping[str, str]) -> _Stated:
    """Read the config file, if there is one: the named one, else that of the home. Raises UsageError."""
    alone = _Stated(environ)
    named = environ.get(_CONFIG, "").strip()
    path = _expanded(named, _CONFIG) if named else _home(alone) / _CONFIG_NAME
    if not named and not os.path.lexists(path):
        return alone
    from fairreg.config_file import read  # most users have none

    return _Stated(environ, read(path, options(all_sources())))


def _home(env: _Stated) -> Path:
    value = env.get("FAIRREG_HOME")
    if not value:
        from platformdirs import user_data_path

        return user_data_path("fairreg", appauthor=False)
    return _expanded(value, env.named("FAIRREG_HOME"))


def _expanded(path: str, stated_in: str) -> Path:
    """Return a path with the home of a user for ``~``. Raises UsageError."""
    if "\0" in path:
        raise UsageError(
            f"{stated_in} has a null character, which no path has.", hint="Write the path again."
        )
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"{stated_in} begins with the home of a user who does not exist.", hint="Use the full path."
        ) from error


def _database_url(env: _Stated, home: Path) -> str:
    value = env.get("FAIRREG_DATABASE_URL")
    if not value:
        file = str(home / "registry.sqlite")  # in a URL "?" and "#" end the path, and "%" begins an escape
        return "sqlite:///" + file.replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    from fairreg.addresses import database_url  # most users set none

    return database_url(value, env.named("FAIRREG_DATABASE_URL"))


def _flag(env: _Stated, name: str) -> bool:
    return env.get(name).strip().lower() not in {"", "0", "false", "no", "off"}


def _names(env: _Stated, name: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in env.get(name).split(",") if part.strip())


def _services(env: _Stated) -> dict[str, Service]:
    return {row.name: _service(row, env) for row in all_sources() if row.url and row.url_variable}


def _service(row: Source, env: _Stated) -> Service:
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


def _public_url(env: _Stated) -> str | None:
    value = env.get("FAIRREG_BASE_URL").strip()
    if not value:
        return None
    from fairreg.addresses import public_url  # most commands need none

    return public_url(value, env.named("FAIRREG_BASE_URL"))


def _peers(env: _Stated) -> tuple[str, ...]:
    stated = [part.strip() for part in env.get("FAIRREG_PEERS").split(",") if part.strip()]
    if not stated:
        return ()
    from fairreg.addresses import peer_url  # few commands name a peer

    named = env.named("FAIRREG_PEERS")
    return tuple(dict.fromkeys(peer_url(part, f"Item {i} of {named}") for i, part in enumerate(stated, 1)))


def _token(env: _Stated, variable: str) -> str | None:
    """Return an access token without the blanks around it, as a line of a file has them."""
    value = env.get(variable).strip()
    if not all("!" <= letter <= "~" for letter in value):
        name = env.named(variable)
        raise UsageError(
            f"{name} holds a character that no access token has, such as a line break or a blank.",
            hint=f"Copy the token again, or unset {name}.",
        )
    return value or None


def _base_url(env: _Stated, variable: str) -> tuple[str | None, str | None]:
    """Return a base URL without user and password, and these as "user:password"."""
    value = env.get(variable).strip().rstrip("/")
    if not value:
        return None, None
    from fairreg.addresses import service_url  # most users set none

    return service_url(value, env.named(variable))
