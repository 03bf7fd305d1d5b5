# SPDX-License-Identifier: MIT
import os
import pwd
import random
import re
import shutil
import sqlite3
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from fairreg.errors import (
    MissingEngine,
    RecordError,
    RegistryError,
    RegistryNotWritable,
    RegistryUnreachable,
)
from fairreg.registry import Harvest, Registry, Submission
from fairreg.registry.db.engine import Database
from fairreg.registry.db.sql_errors import location_of_url, place_of_url
from fairreg.registry.db.text_limits import LONGEST_KEY
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Relation
from fairreg.services.registry.db import ensure
from fairreg.services.registry.integrity import check
from fairreg.settings import Settings
from support.postgres import Server


def refused(url: str, words: str) -> None:
    with pytest.raises(RegistryError, match=words) as caught:
        Registry(url)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_missing_database_is_not_made_by_reading(tmp_path: Path) -> None:
    refused(f"sqlite:///{tmp_path / 'none.sqlite'}", "no registry")
    assert not (tmp_path / "none.sqlite").exists()


def test_an_empty_file_is_no_registry(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    refused(f"sqlite:///{tmp_path / 'empty.sqlite'}", "no registry")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("not a database, whatever its name says" * 100)
    refused(f"sqlite:///{tmp_path / 'text.sqlite'}", "is not a database")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    refused(f"sqlite:///{tmp_path}", "no registry")


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    refused(f"sqlite:///{path}", "another program")


def test_a_newer_schema(fresh_url: str) -> None:
    database = Database(fresh_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    refused(fresh_url, "newer fairreg")


@pytest.mark.parametrize("url", ["nonsense", "nosuchdatabase://host/name", ""])
def test_a_url_that_names_no_database(url: str) -> None:
    with pytest.raises(RegistryError, match=r"FAIRREG_DATABASE_URL|no registry"):
        Database(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@127.0.0.1:9/name",
        "postgresql://user@127.0.0.1:9/name?password=secret",
        "postgresql+psycopg://127.0.0.1:9/name?user=me&password=secret&sslpassword=secret",
    ],
)
def test_a_server_that_cannot_be_reached_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(RegistryUnreachable, match="cannot be reached") as caught:
        Registry(url)
    assert "127.0.0.1:9/name" in caught.value.message
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bob:secret/db",
        "postgresql://bob:pw@[::secret/db",
        "postgresql://h/db?connect_timeout=secret",
        "postgresql://h/db?secret=1",
        "postgresql+secret://h/db",
        "secret://h/db",
        "secret",
        "sqlite:///x?timeout=secret",
    ],
)
def test_what_a_library_says_of_a_wrong_url_is_not_told(url: str) -> None:
    with pytest.raises(RegistryError, match=r"FAIRREG_DATABASE_URL|cannot be reached") as caught:
        Registry(url)
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("user=secret&passfile=/secret&options=-csecret&secret=1", "127.0.0.1:9/name"),
        ("host=db.example.org&port=7&dbname=other", "db.example.org:7/other"),
        ("sslkey=secret&host=a&host=b", "127.0.0.1:9/name"),
    ],
)
def test_a_location_has_no_options(query: str, place: str) -> None:
    url = f"postgresql://me:secret@127.0.0.1:9/name?{query}"
    assert location_of_url(url) == f"postgresql://me:***@{place}"
    assert place_of_url(url) == f"postgresql://{place}"
    assert place_of_url("postgresql:///x?host=/run/pg&user=secret") == "postgresql:///run/pg/x"


@pytest.mark.engines("sqlite")
def test_a_damaged_file(fresh_url: str, tmp_path: Path) -> None:
    path = Path(fresh_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 6] = os.urandom(4096 * 5)
    path.write_bytes(content)
    with (
        pytest.raises(RegistryError, match=r"damaged|refused|no registry|another program"),
        Registry(fresh_url) as registry,
    ):
        registry.info()


def fill(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))  # as large as the file is now
        connection.execute(text("INSERT INTO properties VALUES ('big', hex(randomblob(1000000)))"))


@pytest.mark.engines("sqlite")
def test_a_full_disk_is_one_sentence_and_keeps_what_was_there(fresh_url: str) -> None:
    database = Database(fresh_url)
    with pytest.raises(RegistryError, match="disk is full"):
        fill(database)
    database.close()
    with Registry(fresh_url) as registry:
        assert registry.info().entries == 0


@pytest.mark.engines("sqlite")
def test_a_page_that_no_longer_fits_leaves_the_pages_before_it_and_its_cursor(
    fresh_url: str, make_record: Callable[..., ModelRecord]
) -> None:
    def page(number: int) -> list[Submission]:
        return [Submission(make_record("zenodo", f"{number}-{n}"), os.urandom(20_000)) for n in range(5)]

    def put_pages(registry: Registry) -> None:
        for number in range(100):
            state = Harvest("zenodo", "", cursor=f"{number + 1}", counts={"pages": number + 1})
            registry.put_many(page(number), harvest=state)

    with Registry(fresh_url) as registry:
        with registry._database.writing() as connection:  # the one connection, which the pages use, too
            connection.execute(text("PRAGMA max_page_count = 150"))
        with pytest.raises(RegistryError, match="disk is full") as caught:
            put_pages(registry)
    assert caught.value.hint
    assert check(Settings(home=Path("unused"), database_url=fresh_url)).sound
    with Registry(fresh_url) as registry:
        (state,) = registry.info().harvests
        kept = state.counts["pages"]
        assert registry.info().entries == 5 * kept
        registry.put_many(page(kept))  # there is room again


def test_a_writer_waits_for_the_lock_and_says_who_has_it(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairreg.registry.db.engine._LOCK_TIMEOUT_SECONDS", 0.1)
    first, second = Database(fresh_url), Database(fresh_url)
    with first.writing(), second.reading() as reader:
        assert reader.scalar(text("SELECT count(*) FROM entries")) == 0  # readers are never held up
        with pytest.raises(RegistryError, match="holds a lock"), second.writing():
            pass
    first.close()
    second.close()


def fail_half_way(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO properties VALUES ('a', 'b')"))
        raise ZeroDivisionError


def test_an_error_inside_undoes_the_whole(fresh_url: str) -> None:
    database = Database(fresh_url)
    with pytest.raises(ZeroDivisionError):
        fail_half_way(database)
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM properties")) == 0
    database.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql://h:abc/db", "mysql://", "sqlite+aiosqlite://", "sqlite+nosuch://", "sqlite:///a?timeout=b"],
)
def test_a_url_that_no_driver_takes_is_one_sentence(url: str) -> None:
    with pytest.raises(RegistryError, match="FAIRREG_DATABASE_URL") as caught:
        Database(url)
    assert "sqlite:///" in str(caught.value.hint)
    assert "\n" not in caught.value.message


def test_a_missing_driver_of_postgresql_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingEngine, match="psycopg") as caught:
        Database("postgresql://host/name")
    assert "fairreg[postgres]" in str(caught.value.hint)


def server_says(url: str, state: str) -> RegistryError:
    """What becomes of an error with that SQLSTATE, which the server really sends."""
    database = Database(url)
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'no luck' USING ERRCODE = '{state}'; END $$"
    try:
        with pytest.raises(RegistryError) as caught, database.writing() as connection:
            connection.execute(text(raising))
    finally:
        database.close()
    return caught.value


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize(
    ("state", "words", "code"),
    [
        ("53100", "disk", 1),
        ("53200", "resources", 1),
        ("53300", "connection limit", 4),
        ("25006", "read-only", 1),
        ("42501", "lacks a permission", 1),
        ("40001", "Another process", 1),
        ("40P01", "Another process", 1),
        ("55P03", "Another process", 1),
        ("57014", "slow statement", 1),
        ("57P03", "starting", 4),
        ("08006", "was lost", 4),
        ("58030", "failed", 1),
        ("XX001", "damaged", 1),
        ("54000", "too long", 1),
        ("22012", "an error: no luck", 1),
    ],
)
def test_what_a_server_refuses_is_one_sentence_with_a_next_step(
    fresh_url: str, state: str, words: str, code: int
) -> None:
    error = server_says(fresh_url, state)
    assert words in error.message
    assert error.hint
    assert "\n" not in error.message
    assert error.exit_code == code


@pytest.mark.engines("postgresql")
def test_who_is_not_let_in_hears_why(postgresql: Server, fresh_url: str) -> None:
    address = make_url(fresh_url)
    stranger = address.set(username="nobody_of_this_name", database="postgres")
    for url, words in (
        (postgresql.database("no_such_database"), "There is no database"),
        (stranger.render_as_string(hide_password=False), "Authentication failed"),
    ):
        refused(url, words)


@pytest.mark.engines("postgresql")
def test_a_wrong_password_is_said_and_not_shown(postgresql: Server, fresh_url: str) -> None:
    if not postgresql.started:
        pytest.skip("the developer's own server has no role to refuse")
    postgresql.execute("DROP ROLE IF EXISTS guest")
    postgresql.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
    guest = make_url(fresh_url).set(username="guest", password="wrong")
    with pytest.raises(RegistryError, match="Authentication failed") as caught:
        Registry(guest.render_as_string(hide_password=False))
    assert "wrong" not in caught.value.message
    assert caught.value.exit_code == 1


def write_while(database: Database, happening: Callable[[], object]) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO properties VALUES ('a', 'b')"))
        happening()
        connection.execute(text("INSERT INTO properties VALUES ('c', 'd')"))


@pytest.mark.engines("postgresql")
def test_a_server_that_stops_in_the_middle_is_a_service_that_cannot_be_reached(
    postgresql: Server, fresh_url: str
) -> None:
    database, name = Database(fresh_url), make_url(fresh_url).database
    with pytest.raises(RegistryUnreachable) as caught:
        write_while(
            database,
            lambda: postgresql.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        )
    assert caught.value.hint
    with database.reading() as connection:  # the next one is connected anew
        assert connection.scalar(text("SELECT count(*) FROM properties")) == 0
    database.close()


@pytest.mark.engines("postgresql")
def test_a_database_that_is_not_of_unicode_is_refused(postgresql: Server) -> None:
    name = "fairreg_test_latin"
    postgresql.drop(name)
    postgresql.execute(
        f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        refused(postgresql.database(name), "LATIN1")
    finally:
        postgresql.drop(name)


@pytest.mark.engines("postgresql")
def test_both_spellings_of_the_url_mean_the_same(fresh_url: str) -> None:
    for spelled in (fresh_url, fresh_url.replace("postgresql+psycopg:", "postgresql:")):
        with Registry(spelled) as registry:
            assert registry.info().entries == 0


@pytest.mark.engines("postgresql")
def test_a_reader_sees_one_moment_and_changes_nothing(fresh_url: str) -> None:
    database = Database(fresh_url)
    count = text("SELECT count(*) FROM properties")
    with database.reading() as reader:
        before = reader.scalar(count)
        with database.writing() as writer:
            writer.execute(text("INSERT INTO properties VALUES ('a', 'b')"))
        assert reader.scalar(count) == before == 0
    with pytest.raises(RegistryError, match="read-only"), database.reading() as reader:
        reader.execute(text("DELETE FROM properties"))
    database.close()


@contextmanager
def nobody_special() -> Iterator[None]:
    """Root may write everywhere, so it becomes somebody else meanwhile."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(known["nobody"].pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(("folder", "file"), [(0o555, 0o444), (0o555, 0o666), (0o777, 0o444)])
def test_a_registry_that_one_may_not_write_to_is_one_sentence(
    fresh_url: str, make_record: Callable[..., ModelRecord], folder: int, file: int
) -> None:
    home = Path(tempfile.mkdtemp())
    shutil.copy(fresh_url.removeprefix("sqlite:///"), home / "registry.sqlite")
    (home / "registry.sqlite").chmod(file)
    home.chmod(folder)
    try:
        with (
            nobody_special(),
            pytest.raises(RegistryError, match=r"read-only|cannot be opened") as caught,
            Registry(f"sqlite:///{home}/registry.sqlite") as registry,
        ):
            registry.put(make_record())
    finally:
        home.chmod(0o755)
        shutil.rmtree(home)
    assert "FAIRREG_HOME" in str(caught.value.hint)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("home", ["", "home"])
def test_a_home_that_one_may_not_write_to_is_one_sentence(engine: str, home: str) -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    try:
        with nobody_special(), pytest.raises(RegistryError, match="cannot be used") as caught:
            ensure(Settings.from_environment({"FAIRREG_HOME": str(folder / home)}), lambda _line: None)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert "FAIRREG_HOME" in str(caught.value.hint)
    assert "\n" not in caught.value.message


def test_a_nul_character_is_refused_on_every_kind_of_database(
    registry: Registry, make_record: Callable[..., ModelRecord]
) -> None:
    fine = make_record("zenodo", "1", description=r"a backslash and \u0000 in letters")
    for bad in (
        make_record("zenodo", "2", description="a\0b"),
        make_record("zenodo", "3", keywords=("\\\0",)),
    ):
        with pytest.raises(RecordError, match="NUL"):
            registry.put_many([fine, bad])
    assert registry.info().entries == 0
    registry.put(fine)
    assert registry.get("zenodo:1") == fine


LONG = "x" * (LONGEST_KEY - len("doi:10.1234/"))


@pytest.mark.parametrize(
    "fields",
    [
        {"source_id": LONG + "123456"},
        {"pids": (f"10.1234/{LONG}x",)},
        {"pids": (Identifier("other", "\u0390" * 250),)},  # casefolded it is three times as long
        {"relations": (Relation("is_version_of", Identifier("doi", f"10.1234/{LONG}x")),)},
        {"license": "x" * (LONGEST_KEY + 1)},
        {"frameworks": ("x" * (LONGEST_KEY + 1),)},
        {"date_published": "2025-01-01T" + "0" * 40},
        {"identifier": "x" * (LONGEST_KEY + 1)},
    ],
)
def test_a_record_that_some_database_could_not_look_up_is_refused_on_every_kind(
    registry: Registry, make_record: Callable[..., ModelRecord], fields: dict[str, Any]
) -> None:
    with pytest.raises(RecordError, match=r"1,300 can be indexed|a time of 51 characters") as caught:
        registry.put(make_record(**fields))
    assert caught.value.hint
    assert registry.info().entries == 0


def incompressible(length: int) -> str:
    """Indexes compress what they hold, so only such a text is as long there."""
    return "".join(random.Random(length).choices(string.ascii_lowercase + string.digits, k=length))


def test_keys_of_the_greatest_length_are_kept_linked_and_found_on_every_kind(
    registry: Registry, make_record: Callable[..., ModelRecord]
) -> None:
    places = [incompressible(LONGEST_KEY - len("zenodo:") - n) for n in range(2)]
    doi = "10.1234/" + incompressible(LONGEST_KEY - len("doi:10.1234/"))
    values = {"ml_task": (incompressible(LONGEST_KEY),), "license": incompressible(LONGEST_KEY)}
    named = [make_record("zenodo", place, identifier=f"doi:{doi}", **values) for place in places]
    registry.put_many([*named, make_record("hub", "1", pids=(doi,), **values)])
    registry.link(*(Identifier("zenodo", place) for place in places))
    assert registry.get(doi).doi == doi
    assert len(registry.links.overrides().must_link) == 1
    assert registry.info().entries == 3


@pytest.mark.engines("sqlite")
def test_what_a_long_writer_wrote_goes_into_the_file_beside_it(
    fresh_url: str, make_record: Callable[..., ModelRecord]
) -> None:
    file = Path(make_url(fresh_url).database or "")
    with Registry(fresh_url) as registry, registry.upkeep.bulk_write():
        before = file.stat().st_size
        registry.put_many(make_record(source_id=str(number)) for number in range(200))
        while file.stat().st_size == before:
            time.sleep(0.02)
    with Registry(fresh_url) as registry:
        assert registry.info().entries == 200


def damaged(url: str, change: str) -> None:
    with closing(Database(url)) as database, database.writing() as connection:
        connection.execute(text(change))


@pytest.mark.engines("sqlite")  # PostgreSQL keeps no damaged JSON
@pytest.mark.parametrize("column", ["entries SET merged", "statements SET record"])
def test_damaged_json_in_a_row_is_a_record_error_and_a_problem_for_the_check(
    fresh_url: str, make_record: Callable[..., ModelRecord], column: str
) -> None:
    with Registry(fresh_url) as registry:
        registry.put(make_record(pids=("10.1234/a",)))
        damaged(fresh_url, f"UPDATE {column} = '{{\"name\": '")
        with pytest.raises(RecordError, match="damaged") as caught:
            [registry.statements.of_entry(entry) for entry in registry.listing.entries()]
    assert "db check" in str(caught.value.hint)
    problems = check(Settings(home=Path("unused"), database_url=fresh_url)).problems
    assert any("cannot be decoded" in problem and "damaged" in problem for problem in problems)


@pytest.mark.engines("sqlite")  # PostgreSQL keeps no damaged JSON
@pytest.mark.parametrize(("cursor", "counts"), [('"page', "{}"), ("null", "[]"), ("null", '{"taken": "x"}')])
def test_a_damaged_progress_of_a_harvest_counts_as_none_and_is_a_problem_for_the_check(
    fresh_url: str, cursor: str, counts: str
) -> None:
    with Registry(fresh_url) as registry:
        registry.harvests.save(Harvest("zenodo", "jets", cursor="page=2", counts={"taken": 25}))
        registry.harvests.save(Harvest("zenodo", "tracks", cursor="page=3", counts={"taken": 50}))
        damaged(
            fresh_url, f"UPDATE harvests SET cursor = '{cursor}', counts = '{counts}' WHERE query = 'jets'"
        )
        state = registry.harvests.state("zenodo", "jets")
        assert (state.cursor, state.counts) == (None, {})
        assert registry.harvests.state("zenodo", "tracks").cursor == "page=3"
        assert len(registry.info().harvests) == 2
    (problem,) = check(Settings(home=Path("unused"), database_url=fresh_url)).problems
    assert "harvest of zenodo 'jets' is damaged" in problem


DAMAGE = {"sqlite": "x'00'", "postgresql": "'\\\\x00'::bytea"}


def test_a_damaged_payload_is_a_record_error_and_a_problem_for_the_check(
    fresh_url: str, engine: str, make_record: Callable[..., ModelRecord]
) -> None:
    with Registry(fresh_url) as registry:
        registry.put(make_record(pids=("10.1234/a",)), payload=b"{}")
        damaged(fresh_url, f"UPDATE statements SET payload = {DAMAGE[engine]}")
        with pytest.raises(RecordError, match="payload"):
            registry.statements.of_entry("10.1234/a")
    (problem,) = check(Settings(home=Path("unused"), database_url=fresh_url)).problems
    assert "zenodo" in problem
    assert "payload" in problem


@pytest.fixture
def reader(postgresql: Server, fresh_url: str) -> Iterator[str]:
    """URL of the registry for a role that may log in, and nothing else."""
    role = f"reader_{make_url(fresh_url).database}"
    postgresql.execute(f'CREATE ROLE "{role}" LOGIN')
    yield make_url(fresh_url).set(username=role).render_as_string(hide_password=False)
    run(fresh_url, f'DROP OWNED BY "{role}"')
    postgresql.execute(f'DROP ROLE "{role}"')


def run(url: str, *statements: str) -> None:
    with closing(Database(url)) as database, database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("more", ["", "REVOKE ALL ON SCHEMA public FROM PUBLIC"], ids=["tables", "schema"])
def test_a_role_that_may_not_read_is_told_the_grants_with_which_it_can(
    fresh_url: str, reader: str, more: str
) -> None:
    run(fresh_url, *filter(None, [more]))
    for opens in (Registry, lambda url: ensure(Settings(Path("/nowhere"), url), print)):
        with pytest.raises(RegistryError, match="lacks the permission to read") as caught:
            opens(reader)
        assert "ALTER" not in str(caught.value.hint)
    role = make_url(reader).username
    grants = str(caught.value.hint).partition(": ")[2].replace("TO user", f'TO "{role}"')
    run(fresh_url, *grants.split("; "))
    with Registry(reader) as registry:
        assert registry.listing.count() == registry.info().entries


@pytest.mark.engines("postgresql")
def test_a_role_that_reads_and_would_write_is_told_whose_the_registry_is(fresh_url: str, reader: str) -> None:
    role = make_url(reader).username
    run(fresh_url, f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
    with pytest.raises(RegistryNotWritable, match="lacks a permission") as caught:
        run(reader, "DELETE FROM entries")
    assert "Write as the owner of the database" in str(caught.value.hint)


@pytest.mark.engines("postgresql")
def test_a_role_that_may_not_connect_is_told_the_grant(
    postgresql: Server, fresh_url: str, reader: str
) -> None:
    name = make_url(fresh_url).database
    postgresql.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
    refused(reader, "permission to connect")
    with pytest.raises(RegistryError) as caught:
        Registry(reader)
    assert "GRANT CONNECT ON DATABASE" in str(caught.value.hint)


@pytest.mark.engines("postgresql")
def test_the_documented_grants_let_a_role_read_what_is_there_and_what_an_upgrade_makes(
    fresh_url: str, reader: str
) -> None:
    page = (Path(__file__).parents[2] / "docs/postgresql.md").read_text("utf-8")
    (grants,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    address = make_url(reader)
    for documented, own in (
        ("fairreg_reader", address.username),
        ("DATABASE fairreg", f'DATABASE "{address.database}"'),
        ("ROLE fairreg", f"ROLE {make_url(fresh_url).username}"),
    ):
        grants = re.sub(rf"\b{documented}\b", str(own), grants)
    run(fresh_url, "REVOKE ALL ON SCHEMA public FROM PUBLIC", *grants.strip().rstrip(";").split(";"))
    run(fresh_url, "CREATE TABLE of_an_upgrade (number integer)")
    with Registry(reader) as registry:
        assert registry.listing.count() == 0
    with closing(Database(reader)) as database, database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM of_an_upgrade")).scalar() == 0
