# SPDX-License-Identifier: MIT
"""Full-text search over stemmed words, with an index of its own for names, and words for spelling correction.

`fairreg.services.registry.db.ensure` fills `entry_texts`, `facets` and `words` from the records afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ALL = ("name", "alternate_names", "subjects", "creators", "description", "identifiers")
_NAMES = ("name", "alternate_names")
# SQLite's index of 0001, which 0005 replaces: it stemmed with its own tokenizer.
_OLD_TOKENIZER = "porter unicode61 remove_diacritics 2"
# The texts are stemmed words already, without case or diacritics.
_TOKENIZER = "ascii"
_INDEXES = {"entry_index": "entry_texts", "name_index": "entry_texts", "word_index": "words"}


def upgrade() -> None:
    """From 0004 to 0005."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        _drop_index("entry_index", "entry_texts")
    op.execute("DELETE FROM properties WHERE name = 'wording_rules'")
    op.execute("DELETE FROM entry_texts")
    op.execute("DELETE FROM facets")
    op.execute("UPDATE entries SET dated = '' WHERE dated IS NULL")
    order = None if sqlite else "C"
    op.add_column("entry_texts", sa.Column("leading", sa.String(60, collation=order), nullable=False))
    op.create_index("ix_entry_texts_leading", "entry_texts", ["leading"])
    op.create_table(
        "words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(collation=order), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_words"),
        sa.UniqueConstraint("word", name="uq_words_word"),
    )
    if sqlite:
        _create_index("entry_index", "entry_texts", "entry_id", _ALL, _TOKENIZER)
        _create_index("name_index", "entry_texts", "entry_id", _NAMES, _TOKENIZER)
        _create_index("word_index", "words", "id", ("word",), "trigram")
    else:
        _create_vectors()


def downgrade() -> None:
    """From 0005 back to 0004; the texts stay stemmed, which the older search finds, too."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        for index, table in _INDEXES.items():
            _drop_index(index, table)
    else:
        for column in ("text_vector", "name_vector"):
            op.drop_column("entry_texts", column)
    op.drop_table("words")
    op.drop_index("ix_entry_texts_leading", table_name="entry_texts")
    op.drop_column("entry_texts", "leading")
    op.execute("UPDATE entries SET dated = NULL WHERE dated = ''")
    if sqlite:
        _create_index("entry_index", "entry_texts", "entry_id", _ALL, _OLD_TOKENIZER)
        op.execute("INSERT INTO entry_index(entry_index) VALUES ('rebuild')")


def _create_index(index: str, table: str, key: str, columns: tuple[str, ...], tokenizer: str) -> None:
    """Create an FTS5 index over `table`; triggers keep it in step within the writer's transaction."""
    listed = ", ".join(columns)
    op.execute(
        f"CREATE VIRTUAL TABLE {index} USING fts5({listed}, content='{table}', content_rowid='{key}', "
        f"tokenize='{tokenizer}')"
    )
    new, old = (", ".join(f"{row}.{name}" for name in (key, *columns)) for row in ("new", "old"))
    add = f"INSERT INTO {index}(rowid, {listed}) VALUES ({new});"  # noqa: S608  # constants only
    remove = f"INSERT INTO {index}({index}, rowid, {listed}) VALUES ('delete', {old});"  # noqa: S608  # constants
    for event, work in (("insert", add), ("delete", remove), ("update", f"{remove} {add}")):
        op.execute(
            f"CREATE TRIGGER {_trigger(index, table, event)} AFTER {event} ON {table} BEGIN {work} END"
        )


def _drop_index(index: str, table: str) -> None:
    for event in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER {_trigger(index, table, event)}")
    op.execute(f"DROP TABLE {index}")


def _trigger(index: str, table: str, event: str) -> str:
    """Return the trigger names of 0001, and others of the same form."""
    return f"{table}_after_{event}" if index == "entry_index" else f"{index}_after_{event}"


def _create_vectors() -> None:
    for column, names in (("text_vector", _ALL), ("name_vector", _NAMES)):
        texts = " || E'\\n' || ".join(names)
        op.execute(
            f"ALTER TABLE entry_texts ADD COLUMN {column} tsvector "
            f"GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, {texts})) STORED"
        )
        op.execute(f"CREATE INDEX ix_entry_texts_{column} ON entry_texts USING gin ({column})")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE INDEX ix_words_trigrams ON words USING gin (word gin_trgm_ops)")
