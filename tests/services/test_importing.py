# SPDX-License-Identifier: MIT
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fairreg.errors import RecordError
from fairreg.registry import Registry
from fairreg.services.registry import bulk_import
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export, import_
from fairreg.settings import Settings
from support.databases import Databases

NUMBER = 230


def line(number: int) -> str:
    record = {
        "identifier": f"x:{number}",
        "kind": "model",
        "name": f"okapi {number}",
        "keywords": ["giraffe", f"only{number}"],
        # Every tenth shares its DOI with the one before it.
        "identifiers": [{"scheme": "doi", "value": f"10.1234/{number - (number % 10 == 1)}"}],
        "provenance": {"source": "x", "source_id": str(number)},
    }
    gone = "Withdrawn." if number % 50 == 7 else None
    return json.dumps({"record": record, "gone_reason": gone}) + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(map(line, range(NUMBER))), encoding="utf-8")
    return path


@pytest.fixture
def home(databases: Databases, tmp_path: Path) -> Callable[[str], Settings]:
    return lambda name: databases.home(tmp_path / name, "tables")


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_import, "_LARGE", 0)
    monkeypatch.setattr(bulk_import, "_BYTES", 12_000)
    monkeypatch.setattr(bulk_import, "_processes", lambda: 2)


@pytest.mark.long("postgresql")
@pytest.mark.usefixtures("in_processes")
def test_several_processes_make_the_registry_that_one_makes(
    home: Callable[[str], Settings], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, one = home("many"), home("one")
    seen: list[tuple[int, int | None]] = []
    counts = import_(many, file, progress=lambda done, total: seen.append((done, total)))
    monkeypatch.setattr(bulk_import, "_LARGE", 10**9)
    assert import_(one, file) == counts
    assert counts == {"new": NUMBER, "changed": 0, "unchanged": 0}
    assert seen[-1] == (NUMBER, NUMBER)
    assert check(many).sound
    for settings in (many, one):
        export(settings, tmp_path / f"{settings.home.name}.jsonl")
    lines = [
        [
            json.loads(text) | {"gone_at": None}
            for text in (tmp_path / f"{name}.jsonl").read_text().splitlines()
        ]
        for name in ("many", "one")
    ]
    assert lines[0] == lines[1]
    with Registry(settings=many) as registry:
        assert registry.search("okapi").total == registry.info().entries == NUMBER - NUMBER // 10


@pytest.mark.long("postgresql")
@pytest.mark.usefixtures("in_processes")
def test_a_second_time_nothing_is_new(home: Callable[[str], Settings], file: Path) -> None:
    settings = home("twice")
    import_(settings, file)
    assert import_(settings, file) == {"new": 0, "changed": 0, "unchanged": NUMBER}


@pytest.mark.long("postgresql")
@pytest.mark.usefixtures("in_processes")
def test_a_bad_line_is_named_before_anything_is_stored(home: Callable[[str], Settings], file: Path) -> None:
    settings = home("bad")
    with file.open("a", encoding="utf-8") as out:
        out.write('{"record": {"kind": "model"}}\n')
    with pytest.raises(RecordError, match=f"line {NUMBER + 1}"):
        import_(settings, file)
    with Registry(settings=settings) as registry:
        assert registry.info().entries == 0
