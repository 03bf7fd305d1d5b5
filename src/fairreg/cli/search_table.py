# SPDX-License-Identifier: MIT
"""Layout of search results in lines of a given width: a table, below 60 columns two lines per result.

Identifiers stay whole, so that they can be copied; other texts end in an ellipsis, between words where that
is possible. Columns that do not fit are left out, those that matter least first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from fairreg.cli.layout.lines import NARROWEST, NARROWEST_TABLE
from fairreg.cli.output import in_one_line

if TYPE_CHECKING:
    from fairreg.services.search.report import SearchRow

__all__ = ["lines_of", "plain_lines"]

_GAP = "  "
# A name has this width at least, or that of its first words of `_TELLING` letters up to the second figure.
_NAME, _LONGEST_BEGINNING, _TELLING = 24, 32, 10
# Identifiers stand in the table up to the width that name, licence and what runs leave, if a DOI fits there,
# and up to this share of a wide table. Longer ones have lines of their own: a single one would push all
# other facts out of the table.
_DOI, _IDENTIFIER, _SHARE = 24, 30, 0.45
# Width of the widest column.
_WIDEST = 500


@dataclass(frozen=True)
class _Column:
    """A column: its cells, whole, and the width that it needs at least and takes at most."""

    title: str
    cells: tuple[str, ...]
    least: int
    most: int

    @classmethod
    def of(
        cls, title: str, cells: Sequence[str], *, least: int | None = None, most: int = _WIDEST
    ) -> "_Column":
        """Create a column; `least` is by default its whole width, which `most` limits."""
        whole = max(map(cell_len, (title, *cells)))
        widest = max(cell_len(title), min(whole, most))
        return cls(title, tuple(cells), min(widest, least or widest), widest)

    @property
    def is_constant(self) -> bool:
        """True if all rows say the same."""
        return len(set(self.cells)) == 1


def lines_of(rows: "Sequence[SearchRow]", width: int, asked: Iterable[str] = ()) -> list[str]:
    """Return the lines of results, the first one a header from `NARROWEST_TABLE` on; none ends in blanks.

    Facts that were `asked` for, by an order or a filter, come first. A line is longer than `width` only where
    an identifier is.
    """
    if not rows:
        return []
    layout = _table if width >= NARROWEST_TABLE else _pairs
    texts = _Texts(_mark(), tuple(dict.fromkeys(_ASKED[name] for name in asked if name in _ASKED)))
    return [line.rstrip() for line in layout(rows, max(width, NARROWEST), texts)]


def plain_lines(rows: "Sequence[SearchRow]") -> Iterator[str]:
    """Yield a header and one line per result: every column, whole, with tabs between them."""
    texts = _Texts("")
    columns = {
        "Name": texts.name,
        "Kind": texts.kind,
        "Year": texts.year,
        "Identifier": texts.identifier,
        "Licence": texts.license,
        "Runs": texts.runs,
        "Sources": texts.sources,
        "Task": texts.task,
    }
    yield "\t".join(columns)
    yield from ("\t".join(cell(row) for cell in columns.values()) for row in rows)


def _mark() -> str:
    """Return the mark of a text that is cut, in letters that the terminal has."""
    return "…" if in_one_line("…") == "…" else "..."


@dataclass(frozen=True)
class _Texts:
    """Texts of results, as a terminal shows them; `mark` stands where one is cut, `first` are columns."""

    mark: str
    first: tuple[str, ...] = ()

    def cut(self, text: str, width: int) -> str:
        """Return the beginning of a text that fits, with the mark of what is left out."""
        if cell_len(text) <= width:
            return text
        kept = set_cell_size(text, width - len(self.mark)).rstrip()
        words = kept if text[len(kept)].isspace() else kept.rpartition(" ")[0]
        return (words.rstrip(" ,;:(") or kept) + self.mark

    def name(self, row: "SearchRow") -> str:
        return in_one_line(row.name)

    def identifier(self, row: "SearchRow") -> str:
        """Return the DOI, else the identifier that other commands take."""
        return in_one_line(row.doi or row.id)

    def license(self, row: "SearchRow") -> str:
        return in_one_line(row.license or "")

    def runs(self, row: "SearchRow") -> str:
        """Return in few words whether a model runs here, and whether that depends on its files being open."""
        if row.runs is None:
            return ""
        word = row.runs.partition(":")[0]
        if word.startswith("needs"):
            return "needs code"
        return word if row.runnable else "if open"

    def year(self, row: "SearchRow") -> str:
        return str(row.year or "")

    def kind(self, row: "SearchRow") -> str:
        return row.kind

    def fair(self, row: "SearchRow") -> str:
        return "" if row.fair_score is None else f"{row.fair_score:.0%}"

    def facts(self, row: "SearchRow") -> dict[str, str]:
        """Return what there is to say beside names and identifiers, by column, the first ones first."""
        texts = {
            "Licence": self.license(row),
            "Runs": self.runs(row),
            "Year": self.year(row),
            "Kind": self.kind(row),
            "FAIR": self.fair(row),
        }
        return {title: texts[title] for title in dict.fromkeys((*self.first, *list(texts)[:-1]))}

    def task(self, row: "SearchRow") -> str:
        return in_one_line("; ".join(row.task))

    def sources(self, row: "SearchRow") -> str:
        versions = f" ({len(row.versions)} versions)" if row.versions[1:] else ""
        return in_one_line(" ".join(row.sources) + versions)


def _pairs(rows: "Sequence[SearchRow]", width: int, texts: _Texts) -> Iterator[str]:
    """Two lines per result: its name; its identifier with the facts that fit."""
    for row in rows:
        yield texts.cut(texts.name(row), width)
        second = f"{_GAP}{texts.identifier(row)}"
        for fact in filter(None, texts.facts(row).values()):
            longer = f"{second}{_GAP}{fact}"
            second = longer if cell_len(longer) <= width else second
        yield second


def _table(rows: "Sequence[SearchRow]", width: int, texts: _Texts) -> Iterator[str]:
    columns = _columns(rows, width, texts)
    widths = _widths(columns, width, texts.first)
    shown = [item for item in columns if item.title in widths]
    yield _GAP.join(_padded(item.title, widths[item.title]) for item in shown)
    for number, row in enumerate(rows):
        cells = [(texts.cut(item.cells[number], widths[item.title]), widths[item.title]) for item in shown]
        yield _GAP.join(_padded(text, room) for text, room in cells)
        whole = texts.identifier(row)
        if not any(item.cells[number] == whole for item in shown if item.title == "Identifier"):
            yield f"{_GAP}{whole}"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _columns(rows: "Sequence[SearchRow]", width: int, texts: _Texts) -> list[_Column]:
    """Columns that say something about any of the rows, in the order of the table."""
    names = list(map(texts.name, rows))
    name = _Column.of("Name", names, least=_least_of(names, texts))
    facts = [
        _Column.of("Licence", list(map(texts.license, rows)), most=18),
        _Column.of("Runs", list(map(texts.runs, rows))),
    ]
    taken = sum(item.least + len(_GAP) for item in (name, *facts) if any(item.cells))
    room = _room(width, width - taken, width - name.least - len(_GAP))
    identifiers = [text if cell_len(text) <= room else "" for text in map(texts.identifier, rows)]
    columns = [
        name,
        _Column.of("Kind", list(map(texts.kind, rows))),
        _Column.of("Year", list(map(texts.year, rows))),
        _Column.of("FAIR", list(map(texts.fair, rows)) if "FAIR" in texts.first else [""] * len(rows)),
        _Column.of("Identifier", identifiers),
        *facts,
        _Column.of("Sources", list(map(texts.sources, rows)), most=24),
        _Column.of("Task", list(map(texts.task, rows)), least=16),
    ]
    columns.sort(key=lambda item: item.title == "Sources" and item.is_constant)  # then behind all others
    return [item for item in columns if any(item.cells) or item.title == "Identifier"]


def _room(width: int, beside_facts: int, beside_name: int) -> int:
    """Return the width of the longest identifiers in the table; facts that leave too little do not count."""
    if beside_facts >= _DOI:
        return min(beside_facts, max(_IDENTIFIER, int(width * _SHARE)))
    return min(beside_name, _IDENTIFIER)


def _least_of(names: Sequence[str], texts: _Texts) -> int:
    """Return the width in which the beginning of each name is whole, unless that is very long."""
    return max(_NAME, min(max(map(_beginning, names)) + len(texts.mark), _LONGEST_BEGINNING))


def _beginning(name: str) -> int:
    """Return the width of the first words by which a name can be told from others."""
    first, *others = name.split(" ")
    for word in others:
        if cell_len(first) >= _TELLING:
            break
        first = f"{first} {word}"
    return cell_len(first)


# Columns of what orders and filters are about.
_ASKED = {"year": "Year", "fair": "FAIR", "min_fair": "FAIR", "license": "Licence"}
# Columns, those that matter most first; after them Kind and Sources where they are the same in all rows.
_PRIORITY = ("Name", "Identifier", "Kind", "Licence", "Runs", "Year", "FAIR", "Sources", "Task")
_OFTEN_CONSTANT = ("Kind", "Sources")
# The order in which columns get wider, and how far.
_GROWTH = (("Name", 44), ("Task", 24), ("Name", _WIDEST), ("Task", _WIDEST))


def _widths(columns: Sequence[_Column], width: int, first: Sequence[str]) -> dict[str, int]:
    """Width of each column shown, by title: as many as fit, then what they can use, then constant ones.

    The columns `first` come first after the names.
    """
    known = {item.title: item for item in columns}
    constant = [title for title in _OFTEN_CONSTANT if title in known and known[title].is_constant]
    ranked = sorted(_PRIORITY, key=lambda title: (title != "Name", title not in first))
    varying = [title for title in ranked if title in known and title not in constant]
    widths: dict[str, int] = {}
    _add(widths, map(known.__getitem__, varying), width)
    for title, most in _GROWTH:
        if title in widths:
            widths[title] += max(0, min(_left(widths, width), min(known[title].most, most) - widths[title]))
    _add(widths, map(known.__getitem__, constant), width)
    return widths


def _add(widths: dict[str, int], columns: Iterable[_Column], width: int) -> None:
    """Add the columns that still fit, each as narrow as it may be."""
    for item in columns:
        if not widths or item.least + len(_GAP) <= _left(widths, width):
            widths[item.title] = item.least


def _left(widths: dict[str, int], width: int) -> int:
    """Return what the columns leave of the width."""
    return width - sum(widths.values()) - len(_GAP) * (len(widths) - 1)
