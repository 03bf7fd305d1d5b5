# SPDX-License-Identifier: MIT
"""All analyses of a folder as one HTML file: no script, nothing loaded from elsewhere."""

import base64
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, UsageError

__all__ = ["ORDER", "write_report"]

ORDER = ("mask", "lrp", "activity", "reoptimise")
# A second lock beside the escaping: a browser runs and loads nothing in this page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_LONG = 12  # rows, beyond which a table is folded

Document = Mapping[str, Any]


def write_report(folder: Path, path: Path) -> None:
    """Write the page on the documents in `folder`, which the analyses have written there.

    Raises UsageError if there are none, ModelError if one is damaged or the page cannot be written.
    """
    found = [(name, folder / f"{name}.json") for name in ORDER]
    documents = [_read(file) for _, file in found if file.is_file()]
    if not documents:
        raise UsageError(
            f"There is no analysis in {folder}.", hint="Run fairreg hbb explain mask --output first."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_text(_page(documents, folder), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be written: {error.strerror or error}.") from error
    except (LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"A document in {folder} is not one of fairreg's analyses.", hint="Make the analyses again."
        ) from error


def _read(file: Path) -> Document:
    try:
        document: Document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file.name} cannot be read.", hint="Make the analysis again.") from error
    return document


def _page(documents: list[Document], folder: Path) -> str:
    style = (
        files("fairreg.models.hbb_in.workflows.explain").joinpath("report.css").read_text(encoding="utf-8")
    )
    title = f"Explanations of {documents[0]['model']['file']}"
    contents = "".join(
        f'<li><a href="#{_text(item["analysis"])}">{_text(item["title"])}</a></li>' for item in documents
    )
    body = [f"<header><h1>{_text(title)}</h1>{_warning(documents)}<ul>{contents}</ul></header>"]
    body += [_section(item, folder) for item in documents]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _warning(documents: list[Document]) -> str:
    """Analyses of several networks in one folder are told apart."""
    if len({item["model"]["fingerprint"] for item in documents}) == 1:
        return ""
    return '<p class="warning">The analyses below are not all of the same network; each names its own.</p>'


def _section(document: Document, folder: Path) -> str:
    parts = [
        f"<h2>{_text(document['title'])}</h2>",
        _facts("Network", document["model"]),
        _facts("Jets", document["input"]),
        _facts("Settings and results", document["facts"]),
        _facts("Versions", document["versions"]),
        *(f'<p class="warning">{_text(line)}</p>' for line in document["warnings"]),
        *(_figure(figure, folder) for figure in document["figures"]),
        *map(_table, document["tables"]),
    ]
    return f'<section id="{_text(document["analysis"])}">' + "\n".join(parts) + "</section>"


def _facts(caption: str, values: Mapping[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_text(name.replace("_", " "))}</th><td>{_text(_shown(value))}</td></tr>'
        for name, value in values.items()
    )
    return f'<table class="facts"><caption>{_text(caption)}</caption><tbody>{rows}</tbody></table>'


def _figure(figure: Mapping[str, str], folder: Path) -> str:
    image = folder / f"{Path(figure['name']).name}.png"
    if not image.is_file():
        return f'<p class="warning">{_text(image.name)} is not in the folder.</p>'
    content = base64.b64encode(image.read_bytes()).decode("ascii")
    caption = _text(figure["caption"])
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{content}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(table: Mapping[str, Any]) -> str:
    heads = "".join(f'<th scope="col">{_text(name.replace("_", " "))}</th>' for name in table["columns"])
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table["rows"])
    caption = _text(table["title"])
    shown = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    folded = "" if len(table["rows"]) <= _LONG else f" ({len(table['rows'])} rows)"
    opened = "" if folded else " open"
    return f"<details{opened}><summary>{caption}{folded}</summary><div>{shown}</div></details>"


def _cell(value: Any) -> str:
    number = isinstance(value, int | float)
    return f'<td class="number">{_shown(value)}</td>' if number else f"<td>{_text(_shown(value))}</td>"


def _shown(value: Any) -> str:
    """A value as people read it: numbers to five digits, lists with commas."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _text(value: Any) -> str:
    return escape(str(value), quote=True)
