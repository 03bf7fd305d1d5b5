# SPDX-License-Identifier: MIT
"""Every setting of fairreg with its help. The only module that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fairreg.errors import UsageError

__all__ = ["SERVICES", "VARIABLES", "Service", "Settings"]

VARIABLES: Mapping[str, str] = {
    "FAIRREG_HOME": "data folder; registry and cache live there",
    "FAIRREG_DATABASE_URL": "SQLAlchemy URL of the registry (default: a SQLite file in the home)",
    "FAIRREG_OFFLINE": "1: no request leaves the machine",
    "FAIRREG_DEBUG": "1: show tracebacks",
    "FAIRREG_DISABLE": "sources, separated by commas, that are asked only by their names",
    "ZENODO_TOKEN": "Zenodo access token (100 instead of 25 hits a page, restricted files)",
    "HF_TOKEN": "Hugging Face access token (gated models)",
    "GITHUB_TOKEN": "GitHub access token (higher rate limits)",
    "FAIRREG_ZENODO_URL": "base URL of Zenodo",
    "FAIRREG_DATACITE_URL": "base URL of the DataCite REST API",
    "FAIRREG_DOI_URL": "base URL of the DOI resolver",
    "HF_ENDPOINT": "base URL of the Hugging Face Hub",
    "FAIRREG_GITHUB_URL": "base URL of the GitHub REST API",
    "FAIRREG_GLOBUS_SEARCH_URL": "base URL of Globus Search",
    "FAIRREG_CERN_URL": "base URL of the CERN Open Data portal",
    "FAIRREG_OPENML_URL": "base URL of OpenML",
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

    @property
    def configured(self) -> bool:
        """Whether requests go to another place than the public service."""
        return self.url != self.public_url

    @property
    def netloc(self) -> str:
        """Host and port that requests for this service go to, in lower case."""
        return urlsplit(self.url).netloc.lower()


# name, title, public base URL, other hosts of the same service, variable of the URL, variable of the token
SERVICES: tuple[tuple[str, str, str, tuple[str, ...], str, str | None], ...] = (
    ("zenodo", "Zenodo", "https://zenodo.org", ("www.zenodo.org",), "FAIRREG_ZENODO_URL", "ZENODO_TOKEN"),
    ("datacite", "DataCite", "https://api.datacite.org", (), "FAIRREG_DATACITE_URL", None),
    ("doi", "doi.org", "https://doi.org", ("dx.doi.org", "www.doi.org"), "FAIRREG_DOI_URL", None),
    ("huggingface", "Hugging Face", "https://huggingface.co", ("hf.co",), "HF_ENDPOINT", "HF_TOKEN"),
    ("github", "GitHub", "https://api.github.com", (), "FAIRREG_GITHUB_URL", "GITHUB_TOKEN"),
    ("globus", "Globus Search", "https://search.api.globus.org", (), "FAIRREG_GLOBUS_SEARCH_URL", None),
    ("cernopendata", "CERN Open Data", "https://opendata.cern.ch", (), "FAIRREG_CERN_URL", None),
    ("openml", "OpenML", "https://www.openml.org", ("openml.org",), "FAIRREG_OPENML_URL", None),
)
# Where services keep their files and pages, apart from the host of their API.
FILE_HOSTS: Mapping[str, tuple[str, ...]] = {
    "github": (
        "github.com",
        "www.github.com",
        "raw.githubusercontent.com",
        "media.githubusercontent.com",
        "objects.githubusercontent.com",
        "release-assets.githubusercontent.com",
    ),
}


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

        Raises UsageError for a base URL that is not http(s), and for the home of a user that there is not.
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
    def answers(self) -> Path:
        """Folder of the answers that services are asked about again instead of sending them anew."""
        return self.home / "answers"

    def service(self, name: str) -> Service:
        """The service called `name`; KeyError for a name that is not in SERVICES."""
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
        name: Service(
            name=name,
            title=title,
            public_url=public,
            url=_base_url(env, url_variable) or public,
            aliases=aliases,
            file_hosts=FILE_HOSTS.get(name, ()),
            token=(env.get(token_variable) or None) if token_variable else None,
        )
        for name, title, public, aliases, url_variable, token_variable in SERVICES
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
