# SPDX-License-Identifier: MIT
"""Write docs/linked-data.md from the readers and from the documents in tests/data/linked-data.

python scripts/build_linked_data_docs.py
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from fairreg.formats import dialects
from fairreg.formats.linked_data.properties import READS
from fairreg.formats.linked_data.terms import UNKNOWN

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "linked-data.md"
DOCUMENTS = ROOT / "tests" / "data" / "linked-data"
INTRODUCTION = """\
# JSON-LD of other tools

<!-- Written by scripts/build_linked_data_docs.py from the readers and tests/data; change it there. -->

`fairreg add FILE` takes records that other tools describe in JSON-LD. `fairreg validate FILE` reads them
without storing anything. Both name the properties that they did not read (`not read: 3 properties: ...`);
the registry keeps the document as it came. What a record has no field for is named like any other value: the
ROR of an affiliation (`author.affiliation.@id`), a second name of a person, a path where an address belongs.

Keys may be full IRIs, prefixed or plain, keywords with or without `@`, values one or many, as text, node or
reference into `@graph`. Inline contexts are honoured, remote ones are never fetched. Words of a vocabulary
that an inline context declares and that is not known here are not read, even where they look familiar.

A record needs an identifier that names it outside its document: a DOI, an address or another identifier that
states its scheme, in `@id`, `identifier`, `cite-as`, `sameAs`, `archivedAt` or `url`; of software, its
`codeRepository`. A relative `@id` (`./`, `#model`, `data/a.csv`) names nothing. A record without one is
refused with a sentence on what to write: two crates that are both called `./` would otherwise be one record.

A size like "1.5 MB" is kept as rounded, and no download is checked against it."""


def page() -> str:
    """The text of docs/linked-data.md."""
    return "\n\n".join([INTRODUCTION, "\n".join(_dialects()), "\n".join(_properties())]) + "\n"


def _dialects() -> Iterator[str]:
    yield "## Dialects\n"
    yield "| dialect | with documents in the tests of | about |"
    yield "|---|---|---|"
    for item in sorted(dialects.all_dialects(), key=lambda item: item.NAME.lower()):
        about = (item.__doc__ or "").strip().splitlines()[0].rstrip(".")
        yield f"| {item.NAME} | {', '.join(item.VERSIONS)} | {about} |"


def _properties() -> Iterator[str]:
    yield "## Properties\n"
    yield "Properties of the described object, the field that each fills, and what became of it in"
    yield "these documents: read, in part, or not read, and then named. An empty cell: no document has it. A"
    yield "property with a field is read in every dialect.\n"
    found = _found()
    shown = sorted(dialects.all_dialects(), key=lambda item: item.NAME.lower())
    yield "| property | field | " + " | ".join(item.NAME for item in shown) + " |"
    yield "|---|---|" + "---|" * len(shown)
    terms = {*READS, *(term for terms in found.values() for term in terms)}
    for term in sorted(terms, key=lambda term: (term.lower(), term)):
        field = f"`{READS[term]}`" if term in READS else ""
        cells = (_word(found[item.NAME].get(term, set())) for item in shown)
        yield f"| `{term}` | {field} | " + " | ".join(cells) + " |"


def _word(read: set[bool]) -> str:
    return (
        "" if not read else "read" if read == {True} else "in part" if read == {True, False} else "not read"
    )


def _found() -> dict[str, dict[str, set[bool]]]:
    """Return, by dialect and property of the described object, whether all its values were read."""
    found: dict[str, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    for path in sorted(DOCUMENTS.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        dialect = dialects.dialect_of(document)
        described = dialects.described_in(document)
        left_out = described.read(path.name).left_out
        for term, key in described.node.properties():
            partly = key in left_out and described.node.was_read(term)
            found[dialect.NAME][term.removeprefix(UNKNOWN)] |= (
                {True, False} if partly else {key not in left_out}
            )
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
