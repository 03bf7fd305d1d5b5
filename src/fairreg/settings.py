# SPDX-License-Identifier: MIT
"""Every setting of fairreg with its help. The only module that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fairreg.errors import UsageError
from fairreg.sources import BUILT_IN, Pace, all_sources

__all__ = ["VARIABLES", "Service", "Settings"]

_OWN_VARIABLES: Mapping[str, str] = {
    "FAIRREG_HOME": "data folder; registry and cache live there",
    "FAIRREG_DATABASE_URL": "SQLAlchemy URL of the registry (default: a SQLite file in the home)",
    "FAIRREG_OFFLINE": "1: no request leaves the machine",
    "FAIRREG_DEBUG": "1: show tracebacks",
    "FAIRREG_DISABLE": "sources, separated by commas, that are asked only by their names",
}
# Those of installed packages are not among them: the help, which lists these, looks for no package.
VARIABLES: Mapping[str, str] = {
    **_OWN_VARIABLES,
    **{row.token_variable: row.token_help for row in BUILT_IN if row.token_variable},
    **{row.url_variable: row.url_help or f"base URL of {row.title}" for row in BUILT_IN if row.url_variable},
}


@dataclass(frozen=True)
class Service:
    """A web service: where the public one is, where this user's requests go instead."""

    name: str
    title: str
    public_url: str
    url: str
    aliases: tuple[str, ...] = ()
    # Hosts with paths of their own: asked as they are, unless the base URL is set.
    file_hosts: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    takes_token: bool = False
    pace: Pace | None = None

    @property
    def configured(self) -> bool:
        """Whether requests go to another place than the public service."""
        return self.url != self.public_url

    @property
    def netloc(self) -> str:
        """Host and port that requests for this service go to, in lower case."""
        return urlsplit(self.url).netloc.lower()


@dataclass(frozen=True)
class Settings:
    """Resolved settings; pass it as an argument, never read the environment elsewhere."""

    home: Path
    database_url: str
    offline: bool = False
    debug: bool = False
    # As the user wrote them, in lower case; `fairreg.services.enabled_sources` knows which sources there are.
    disabled: frozenset[str] = frozenset()
    services: Mapping[str, Service] = field(default_factory=lambda: _services({}))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Settings from `environ` (default: the process environment).

        Raises UsageError for a base URL that is not http(s), and for the home of a user that there is not;
        PluginError where an installed package adds a source that cannot be used.
        """
        env = os.environ if environ is None else environ
        home = _home(env)
        return cls(
            home=home,
            database_url=env.get("FAIRREG_DATABASE_URL") or _sqlite_url(home / "registry.sqlite"),
            offline=_flag(env, "FAIRREG_OFFLINE"),
            debug=_flag(env, "FAIRREG_DEBUG"),
            disabled=_names(env, "FAIRREG_DISABLE"),
            services=_services(env),
        )

    @property
    def cache(self) -> Path:
        """Folder of the content-addressed cache."""
        return self.home / "cache"

    @property
    def http_cache(self) -> Path:
        """Folder of the answers that services are asked about again instead of sending them anew."""
        return self.home / "answers"

    def service(self, name: str) -> Service:
        """The service called `name`; KeyError where no row of `fairreg.sources` is a service of that name."""
        return self.services[name]

    def __repr__(self) -> str:
        # A database URL may hold a password.
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
            f"FAIRREG_HOME is {value!r}, but there is no such user.", hint="Give the folder by its full path."
        ) from error


def _sqlite_url(path: Path) -> str:
    # A database URL ends its path at "?" and "#", and "%" begins an escape; all else stands for itself.
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").strip().lower() not in {"", "0", "false", "no", "off"}


def _names(env: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in env.get(name, "").split(",") if part.strip())


def _services(env: Mapping[str, str]) -> dict[str, Service]:
    return {
        row.name: Service(
            name=row.name,
            title=row.title,
            public_url=row.url,
            url=_base_url(env, row.url_variable) or row.url,
            aliases=row.aliases,
            file_hosts=row.file_hosts,
            token=(env.get(row.token_variable) or None) if row.token_variable else None,
            takes_token=row.token_variable is not None,
            pace=row.pace,
        )
        for row in all_sources()
        if row.url and row.url_variable
    }


def _base_url(env: Mapping[str, str], variable: str) -> str | None:
    value = env.get(variable, "").strip().rstrip("/")
    if not value:
        return None
    if not _is_web_address(value):
        raise UsageError(
            f"{variable} is {value!r}, which is no http(s) address.",
            hint=f"Unset {variable} or give a base URL.",
        )
    return value


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
