# SPDX-License-Identifier: MIT
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from fairreg.errors import MissingEngine, RecordError, RegistryError
from fairreg.registry import Registry
from fairreg.registry.database import Database
from fairreg.schemas.record import ModelRecord
from fairreg.services.db import check
from fairreg.settings import Settings


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


def test_a_password_is_never_shown() -> None:
    from fairreg.registry.database import _place

    assert "secret" not in _place("postgresql://user:secret@host/name")


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only files")
def test_a_read_only_file(fresh_url: str) -> None:
    path = Path(fresh_url.removeprefix("sqlite:///"))
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        refused(fresh_url, "read-only|cannot be opened")
    finally:
        path.parent.chmod(0o755)


def fill(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))  # as large as the file is now
        connection.execute(text("INSERT INTO properties VALUES ('big', hex(randomblob(1000000)))"))


def test_a_full_disk_is_one_sentence_and_keeps_what_was_there(fresh_url: str) -> None:
    database = Database(fresh_url)
    with pytest.raises(RegistryError, match="disk is full"):
        fill(database)
    database.close()
    with Registry(fresh_url) as registry:
        assert registry.info().entries == 0


def test_a_writer_waits_for_the_lock_and_says_who_has_it(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairreg.registry.database._BUSY_SECONDS", 0.1)
    first, second = Database(fresh_url), Database(fresh_url)
    with first.writing(), second.reading() as reader:
        assert reader.scalar(text("SELECT count(*) FROM entries")) == 0  # readers are never held up
        with pytest.raises(RegistryError, match="locked"), second.writing():
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


def damaged(url: str, change: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text(change))
    database.close()


@pytest.mark.parametrize("table", ["entries", "statements"])
def test_damaged_json_in_a_row_is_a_record_error_and_a_problem_for_the_check(
    fresh_url: str, make_record: Callable[..., ModelRecord], table: str
) -> None:
    with Registry(fresh_url) as registry:
        registry.put(make_record(pids=("10.1234/a",)))
        damaged(fresh_url, f"UPDATE {table} SET record = '{{\"name\": '")
        with pytest.raises(RecordError, match="damaged") as caught:
            [registry.statements(entry) for entry in registry.entries()]
    assert "db check" in str(caught.value.hint)
    problems = check(Settings(home=Path("unused"), database_url=fresh_url)).problems
    assert any("does not decode" in problem and "damaged" in problem for problem in problems)


def test_a_damaged_payload_is_a_record_error_and_a_problem_for_the_check(
    fresh_url: str, make_record: Callable[..., ModelRecord]
) -> None:
    with Registry(fresh_url) as registry:
        registry.put(make_record(pids=("10.1234/a",)), payload=b"{}")
        damaged(fresh_url, "UPDATE statements SET payload = x'00'")
        with pytest.raises(RecordError, match="payload"):
            registry.statements("10.1234/a")
    (problem,) = check(Settings(home=Path("unused"), database_url=fresh_url)).problems
    assert "zenodo" in problem
    assert "payload" in problem
