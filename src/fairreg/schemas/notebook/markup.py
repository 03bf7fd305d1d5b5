# SPDX-License-Identifier: MIT
"""Building blocks of what a notebook shows.

Whatever is not `Html` is text of others and becomes text: it is escaped, its secrets are masked, and
characters that HTML does not allow, that turn the direction of text, or that hide in it, are removed. A
notebook without styles (GitHub removes them) shows plain tables; colours are those around them, so that dark
and light fit.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TypeVar

from fairreg.errors import without_secrets
from fairreg.schemas.text import clean, one_line, shortened, without_hidden

__all__ = [
    "Html",
    "Row",
    "card",
    "details",
    "element",
    "facts",
    "folded",
    "html",
    "joined",
    "link",
    "notes",
    "prose",
    "quiet",
    "short",
    "size_text",
    "table",
]

T = TypeVar("T")
# Rows or items of a list that are shown, and those that a click unfolds; others are only counted.
SHOWN, MOST = 8, 500
# Characters of a short text, and of the beginning and the whole of a long one.
_SHORT, _BEGINNING, _WHOLE = 300, 320, 6_000
_KILO = 1000
_UNITS = ("kB", "MB", "GB", "TB", "PB")
_STYLE = """
.fairreg{font-size:.93em;line-height:1.5;max-width:70em;color:inherit}
.fairreg.fairreg div{margin:0}
.fairreg .fr-title{font-weight:600;font-size:1.1em}
.fairreg .fr-quiet{opacity:.75}
.fairreg .fr-wide{overflow-x:auto}
.fairreg.fairreg table{border-collapse:collapse;border:0;margin:.35em 0;width:auto;
font-size:inherit;color:inherit}
.fairreg.fairreg thead tr,.fairreg.fairreg tbody tr{background:none;border:0}
.fairreg.fairreg td,.fairreg.fairreg th{padding:.2em 1.4em .2em 0;border:0;background:none;color:inherit;
text-align:left;vertical-align:top;max-width:46em;white-space:normal;overflow-wrap:break-word}
.fairreg.fairreg .fr-facts td,.fairreg.fairreg code{overflow-wrap:anywhere}
.fairreg.fairreg caption{caption-side:top;text-align:left;font-weight:600;color:inherit;padding:.4em 0 .1em}
.fairreg.fairreg thead th{font-weight:600;border-bottom:1px solid rgba(128,128,128,.6);white-space:nowrap}
.fairreg.fairreg .fr-facts th{font-weight:normal;opacity:.75;min-width:6em;max-width:16em}
.fairreg.fairreg .fr-list tbody tr+tr{border-top:1px solid rgba(128,128,128,.25)}
.fairreg.fairreg .fr-number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.fairreg.fairreg .fr-short{white-space:nowrap}
.fairreg.fairreg a{color:inherit;text-decoration:underline;text-decoration-color:rgba(128,128,128,.9);
text-underline-offset:.15em}
.fairreg.fairreg code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em;
background:none;color:inherit;padding:0;border:0}
.fairreg.fairreg pre{margin:.35em 0;padding:.6em .8em;border:1px solid rgba(128,128,128,.4);border-radius:4px;
background:none;color:inherit;white-space:pre-wrap;overflow-wrap:anywhere}
.fairreg.fairreg .fr-inside{margin:.1em 0 .5em;padding-left:1em}
.fairreg.fairreg summary{cursor:pointer;opacity:.75}
.fairreg .fr-bar{display:inline-block;width:9em;height:.6em;border:1px solid rgba(128,128,128,.8);
border-radius:3px;overflow:hidden;vertical-align:baseline}
.fairreg .fr-bar>span{display:inline-block;height:100%;vertical-align:top;background:currentColor;opacity:.65}
.fairreg .fr-bar>span+span{opacity:.22}
"""


class Html(str):
    """Markup, inserted as it is."""

    __slots__ = ()


# Name and value of a fact; facts without a value are left out.
Row = tuple[str, object]


def html(value: object) -> Html:
    """Return a value as markup: as it is where it is markup, as text elsewhere; None is empty."""
    if isinstance(value, Html):
        return value
    if value is None:
        return Html()
    return Html(escape(without_hidden(clean(without_secrets(str(value))))))


_LONG = frozenset({"pre", "p", "style"})


def element(tag: str, *content: object, **attributes: str | None) -> Html:
    """Return an element; an attribute that is None is left out, ``class_`` is ``class``.

    Text of others is cut where it is long, but in ``pre`` and ``p``.
    """
    shown = content if tag in _LONG else tuple(map(short, content))
    named = (
        f' {name.rstrip("_").replace("_", "-")}="{html(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{''.join(named)}>{joined(shown)}</{tag}>")


def joined(content: Iterable[object], separator: str = "") -> Html:
    """Return several values behind each other, without those that are empty."""
    return Html(html(separator).join(part for part in map(html, content) if part))


def quiet(*content: object) -> Html:
    """Return what matters less."""
    return element("span", *content, class_="fr-quiet")


def short(text: object, most: int = _SHORT) -> Html:
    """Return a text on one line, cut where it is long; markup as it is."""
    if isinstance(text, Html):
        return text
    return html("" if text is None else shortened(one_line(str(text)[: 4 * most]), most))


def link(label: object, address: str | None) -> Html:
    """Return a link to a web page; only the label for an address that is none."""
    shown = short(label)
    if address is None or not address.lower().startswith(("http://", "https://")):
        return shown
    return element("a", shown, href=address, target="_blank", rel="noopener noreferrer")


def prose(text: str | None) -> Html:
    """Return a text of some length: its beginning, with the whole behind a click."""
    if not text or len(text) <= _BEGINNING:
        return html(text)
    whole = shortened(text, _WHOLE)
    beginning = shortened(one_line(text[:_WHOLE]), _BEGINNING)
    return joined((beginning, _details("whole text", element("pre", whole))), " ")


def folded(
    items: Sequence[T],
    noun: str,
    *,
    view: Callable[[T], object] = str,
    separator: str | None = None,
    shown: int = SHOWN,
) -> Html:
    """Return the first items, with the others behind a click, and the number of those that are too many.

    They stand on lines of their own, or behind each other with a `separator`. `noun` is their plural; `view`
    makes of an item what is shown of it.
    """

    def listed(part: Iterable[T]) -> Html:
        seen = (short(view(item)) for item in part)
        return joined((element("div", item) for item in seen) if separator is None else seen, separator or "")

    if len(items) <= shown + 1:  # one more takes no more room than saying so
        return listed(items)
    rest = joined((listed(items[shown:MOST]), _too_many(len(items))))
    return joined((listed(items[:shown]), _details(f"and {len(items) - shown:,} more {noun}", rest)), " ")


def _too_many(count: int) -> Html:
    return element("div", quiet(f"{count - MOST:,} more are not shown here")) if count > MOST else Html()


def _details(summary: str, *content: object) -> Html:
    return element("details", element("summary", summary), *content)


def details(summary: str, *content: object) -> Html:
    """Return content behind a click; nothing where there is none."""
    inside = joined(content)
    return _details(summary, element("div", inside, class_="fr-inside")) if inside else Html()


def facts(rows: Iterable[Row]) -> Html:
    """Return a table of names and values."""
    shown = ((name, short(value)) for name, value in rows)
    body = [
        element("tr", element("th", name, scope="row"), element("td", value))
        for name, value in shown
        if value
    ]
    return element("table", element("tbody", *body), class_="fr-facts") if body else Html()


def table(
    columns: Sequence[str],
    items: Sequence[T],
    noun: str,
    *,
    row: Callable[[T], Sequence[object]],
    shown: int = SHOWN,
    caption: str | None = None,
) -> Html:
    """Return a table with a row for each of the first items, and with the others behind a click.

    A column whose title ends in ``#`` holds numbers, one that ends in ``|`` short words. `row` makes the
    cells of an item. `caption` tells a table from others of its view.
    """
    if len(items) <= shown + 1:
        return _table(columns, map(row, items), caption) if items else Html()
    rest = joined((_table(columns, map(row, items[shown:MOST])), _too_many(len(items))))
    first = _table(columns, map(row, items[:shown]), caption)
    return joined((first, _details(f"and {len(items) - shown:,} more {noun}", rest)))


_KINDS = {"#": "fr-number", "|": "fr-short"}


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str | None = None) -> Html:
    """Return a table without the columns that are empty."""
    cells = [[short(cell) for cell in row] for row in rows]
    kept = [place for place in range(len(columns)) if any(row[place] for row in cells)]
    kinds = {place: _KINDS.get(columns[place][-1:]) for place in kept}
    head = (element("th", columns[i].rstrip("#|"), scope="col", class_=kinds[i]) for i in kept)
    body = (element("tr", *(element("td", row[i], class_=kinds[i]) for i in kept)) for row in cells)
    titled = element("caption", caption) if caption else ""
    parts = (titled, element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", element("table", *parts, class_="fr-list"), class_="fr-wide")


def notes(sentences: Iterable[str]) -> Html:
    """Return warnings, each on a line of its own."""
    return folded(tuple(sentences), "notes", view=_note)


def _note(sentence: str) -> Html:
    return joined((element("strong", "Note:"), short(sentence, _WHOLE)), " ")


def card(title: object, about: Iterable[object], *content: object) -> str:
    """Return a whole view: a title, what is said `about` it in few words, and its content."""
    said = joined(map(short, about), " · ")
    head = joined((element("span", short(title), class_="fr-title"), quiet(said) if said else ""), " ")
    return str(
        element("div", element("style", Html(_STYLE)), element("div", head), *content, class_="fairreg")
    )


def size_text(size: int | None) -> str:
    """Format a size in bytes with a decimal unit.

    >>> size_text(999), size_text(62_634), size_text(2_500_000), size_text(None)
    ('999 bytes', '62.6 kB', '2.5 MB', '')
    """
    if size is None:
        return ""
    if size < _KILO:
        return f"{size} bytes"
    number, power = size / _KILO, 0
    while round(number, 1) >= _KILO and power < len(_UNITS) - 1:
        number, power = number / _KILO, power + 1
    return f"{number:,.1f} {_UNITS[power]}"
