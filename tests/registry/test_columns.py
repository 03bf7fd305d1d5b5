# SPDX-License-Identifier: MIT
"""Columns of the registry: none is forgotten, and a new one is a recipe of CONTRIBUTING.md."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

import fairreg
from fairreg.registry import Registry, Submission, catalogue
from fairreg.registry.db.tables import HEAD, INDEXED_TEXTS, entry_texts
from fairreg.registry.ingest import row_builder
from fairreg.registry.search.ranking import WEIGHTS
from registry.conftest import RecordMaker as Make
from support.databases import Databases

MIGRATIONS = Path(__file__).parent / "recipes"
NEXT = f"{int(HEAD) + 1:04}"
# A registry of the release before is brought into the new shape, then a record arrives.
QUESTION = """
import json
from fairreg.registry import Registry
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.registry.db import ensure
from fairreg.settings import Settings

settings = Settings.from_environment()
ensure(settings, lambda line: None)
place = Provenance("x", "1")
record = ModelRecord(identifier="x:1", kind="model", name="net", publisher="Kvarnberg", provenance=place)
with Registry(settings=settings) as registry:
    registry.put(record)
    entries = list(registry.listing.entries())
    print(json.dumps(ASKED))
"""


@pytest.mark.parametrize("name", ["name", "doi", "invented"])
def test_a_column_without_a_value_is_refused_and_not_left_empty(
    name: str, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = row_builder.entry_values(make_record())
    given = (
        {**values, name: ""} if name == "invented" else {key: values[key] for key in values.keys() - {name}}
    )
    monkeypatch.setattr(row_builder, "entry_values", lambda _record: given)
    with pytest.raises(ValueError, match=rf"columns of entries and values of a row differ: {name} \("):
        row_builder.build_batch([Submission(make_record())])


def test_the_indexes_of_both_engines_hold_the_columns_that_are_weighed(
    registry: Registry, engine: str
) -> None:
    everything, names = INDEXED_TEXTS.values()
    assert set(everything) == set(WEIGHTS)
    assert {*everything, "leading", "entry_id"} == set(entry_texts.c.keys())
    if engine == "sqlite":
        questions = [f"SELECT name FROM pragma_table_info('{index}')" for index in INDEXED_TEXTS]
    else:
        made = "SELECT generation_expression FROM information_schema.columns WHERE column_name ="
        questions = [f"{made} '{vector}'" for vector in ("text_vector", "name_vector")]
    with registry._database.reading() as connection:
        held = [" ".join(connection.scalars(text(question))) for question in questions]
    assert [set(re.findall(r"\w+", found)) & set(entry_texts.c.keys()) for found in held] == [
        set(everything),
        set(names),
    ]


class Package:
    """A copy of fairreg to edit, with a registry that the release before has made."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self.folder = folder / "src" / "fairreg"
        self.url = databases.url(folder / "registry.sqlite", "catalogue")
        unneeded = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(fairreg.__file__).parent, self.folder, ignore=unneeded)

    def add(self, file: str, after: str, line: str) -> None:
        """Put a line behind the one line that is `after`, both indented alike."""
        path = self.folder / file
        content, found = re.subn(
            rf"^( +){re.escape(after)}\n", rf"\g<0>\g<1>{line}\n", path.read_text("utf-8"), flags=re.MULTILINE
        )
        assert found == 1, (file, after)
        path.write_text(content, "utf-8")

    def migrate(self, name: str) -> None:
        """Add the revision that the recipe's migration is."""
        tables = self.folder / "registry/db/tables.py"
        content = tables.read_text("utf-8")
        assert content.count(f'"{HEAD}")') == 1
        tables.write_text(content.replace(f'"{HEAD}")', f'"{HEAD}", "{NEXT}")'), "utf-8")
        migration = (MIGRATIONS / f"{name}.py").read_text("utf-8").replace("NEXT", NEXT).replace("LAST", HEAD)
        (self.folder / f"migrations/versions/v{NEXT}_{name}.py").write_text(migration, "utf-8")

    def answer(self, asked: str) -> "subprocess.CompletedProcess[str]":
        """Value of an expression over `registry` and its `entries`, as JSON."""
        places = {"PYTHONPATH": str(self.folder.parent), "FAIRREG_DATABASE_URL": self.url}
        code = QUESTION.replace("ASKED", asked)
        return subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | places,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def package(databases: Databases, tmp_path: Path) -> Package:
    return Package(tmp_path, databases)


@pytest.mark.long("postgresql")
def test_the_recipe_for_an_entry_column(package: Package) -> None:
    """CONTRIBUTING.md, "Adding an entry column"."""
    asked = "{entry.identifier: [entry.publisher, entry.record.publisher] for entry in entries}"
    package.add("registry/db/tables.py", 'Column("url", _TEXT),', 'Column("publisher", _TEXT),')
    package.migrate("entry_column")
    package.add("registry/entries.py", "url: str | None = None", "publisher: str | None = None")
    package.add("registry/db/row_mapping.py", 'url=row["url"],', 'publisher=row["publisher"],')
    package.add("registry/search/fusion.py", "url=page_of(record),", "publisher=record.publisher,")
    forgotten = package.answer(asked)
    assert "columns of entries and values of a row differ: publisher" in forgotten.stderr
    package.add("registry/db/row_mapping.py", '"url": page_of(record),', '"publisher": record.publisher,')
    done = package.answer(asked)
    assert done.returncode == 0, done.stderr
    publishers = json.loads(done.stdout)
    assert publishers["x:1"] == ["Kvarnberg", "Kvarnberg"]
    assert len(publishers) == 1 + len(catalogue.records())
    assert all(column == stated for column, stated in publishers.values())


@pytest.mark.long("postgresql")
def test_the_recipe_for_a_text_column(package: Package) -> None:
    """CONTRIBUTING.md, "Adding a text column"."""
    hits = "[hit.entry.identifier for hit in registry.search(word).hits]"
    asked = f'{{word: {hits} for word in ("kvarnberg", "hbb")}}'
    with Registry(package.url) as registry:
        before = [hit.entry.identifier for hit in registry.search("hbb").hits]
    package.add(
        "registry/db/tables.py",
        'Column("identifiers", _TEXT, nullable=False),',
        'Column("publisher", _TEXT, nullable=False),',
    )
    package.migrate("text_column")
    package.add("registry/search/ranking.py", '"identifiers": 1.0,', '"publisher": 1.0,')
    forgotten = package.answer(asked)
    assert "KeyError: 'publisher'" in forgotten.stderr
    package.add(
        "registry/db/row_mapping.py",
        '"identifiers": indexed(*(item.value for item in record.identifiers)),',
        '"publisher": indexed(record.publisher or ""),',
    )
    done = package.answer(asked)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"kvarnberg": ["x:1"], "hbb": before}
