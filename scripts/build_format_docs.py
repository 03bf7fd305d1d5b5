# SPDX-License-Identifier: MIT
"""Write docs/formats.md from what the formats declare of themselves.

python scripts/build_format_docs.py
"""

from collections.abc import Iterator
from pathlib import Path

from fairreg import formats, plugins
from fairreg.formats.base import FIELDS, Format

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
INTRODUCTION = """\
# Formats

<!-- Written by scripts/build_format_docs.py from src/fairreg/formats; change it there. -->

`fairreg show PID --format NAME` writes a record in each of these formats. The same code reads and writes the
metadata files of repositories (`harvest`, `assess`) and drafts those that `assess --fix` offers.

A field is **kept** when reading the document again gives its words back: white space may change, and tags of
HTML are dropped from descriptions. It is *narrowed* when a part of it is written. Everything else is lost.

`add` and `validate` take whole records: `json`, `jsonld`, `fair4ml`, and `codemeta`, `croissant` and
`ro-crate`, which are linked data ([JSON-LD of other tools](linked-data.md)). `cff`, `zenodo` and `model-card`
describe a repository and are read with it, by `harvest` and `assess`. `bibtex`, `dlhub`, `prov` and `turtle`
are only written.

A format that requires what a record does not state is not written: the error names the fields and what to do
(exit 1). Nothing is made up. Croissant is of datasets only; for a model the error names its training data.

`jsonld`, `fair4ml` and `turtle` use terms of fairreg's own where no vocabulary has one: [terms.md](terms.md)
defines them."""


def _built_in() -> tuple[Format, ...]:
    """Return the formats of this repository, without those of packages that happen to be installed."""
    outside = {point.name.replace("_", "-") for point in plugins.entry_points_of("fairreg.formats")}
    return tuple(formats.get(name) for name in formats.names() if name not in outside)


def page() -> str:
    """The text of docs/formats.md."""
    parts = [
        INTRODUCTION,
        "\n".join(_overview()),
        "\n".join(_fields()),
        *map(_narrowed, _built_in()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _overview() -> Iterator[str]:
    yield "| format | media type | read, too | about |"
    yield "|---|---|---|---|"
    for item in _built_in():
        media = ", ".join(f"`{name}`" for name in item.MEDIA_TYPES)
        about = (item.__doc__ or "").strip().splitlines()[0].rstrip(".").replace("``", "`")
        yield f"| `{item.NAME}` | {media} | {'yes' if hasattr(item, 'read') else 'no'} | {about} |"


def _fields() -> Iterator[str]:
    shown = _built_in()
    yield "## Fields\n"
    yield "| field | " + " | ".join(f"`{item.NAME}`" for item in shown) + " |"
    yield "|---|" + "---|" * len(shown)
    for name in FIELDS:
        yield f"| `{name}` | " + " | ".join(_word(item, name) for item in shown) + " |"


def _word(item: Format, name: str) -> str:
    return "**kept**" if name in item.KEEPS else "*narrowed*" if name in item.NARROWS else ""


def _narrowed(item: Format) -> str:
    if not item.NARROWS:
        return ""
    lines = [f"- `{name}`: {item.NARROWS[name]}" for name in FIELDS if name in item.NARROWS]
    return "\n".join([f"## Narrowed in `{item.NAME}`\n", *lines])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
