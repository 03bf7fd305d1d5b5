# SPDX-License-Identifier: MIT
"""A report as one HTML file: no script, nothing loaded from elsewhere, readable on screen and on paper.

Whatever comes from a record or a file is text here: it is escaped, and only web addresses become links.
"""

from html import escape
from importlib.resources import files

from fairreg.assessment.base import Citation, Verdict
from fairreg.assessment.rendering.comparison import Compared, compared
from fairreg.assessment.rendering.profile import profile_svg
from fairreg.assessment.report import IndicatorResult, PrincipleResult, Report
from fairreg.schemas.text import clean

__all__ = ["to_html"]

# A second lock beside the escaping: a browser runs and loads nothing in this page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_WORDS = {
    Verdict.PASS: "pass",
    Verdict.PARTIAL: "partial",
    Verdict.FAIL: "fail",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_APPLICABLE: "not applicable",
}
_NO_RULE = "no such verdict"


def to_html(report: Report, *, name: str | None = None) -> str:
    """The page; `name` is the object's own, shown above its identifier."""
    title = f"FAIR assessment of {name or report.id}"
    body = [
        _summary(report, title, name),
        _contents(report),
        *(_principle(number, found) for number, found in report.principles.items()),
        _comparison(report),
        f"<footer><p>{_text(_origin(report))}</p></footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#verdicts">To the verdicts</a>\n<main>\n' + "\n".join(body) + "\n</main>\n"
        "</body>\n</html>\n"
    )


def _origin(report: Report) -> str:
    rubric = f"{report.rubric} {report.rubric_version}"
    return f"Assessed {report.assessed_at} by fairreg with {rubric}; evidence {report.evidence_digest}."


def _style() -> str:
    return files("fairreg.assessment.rendering").joinpath("report.css").read_text(encoding="utf-8")


def _summary(report: Report, title: str, name: str | None) -> str:
    identifier = f"<p>{_text(report.id)}</p>" if name else ""
    badge = f"<p>{_text(report.badge.label)}: {_text(report.badge.reason)}</p>" if report.badge else ""
    beside = report.with_fairreg
    added = (
        f"<p>With what fairreg's catalogue adds ({_text(', '.join(beside.added))}) it would be "
        f"{_percent(beside.overall)}.</p>"
        if beside
        else ""
    )
    return (
        f"<header><h1>{_text(title)}</h1>{identifier}"
        f'<p class="overall">Overall <strong>{_percent(report.overall)}</strong>, of which '
        f"{_percent(report.coverage)} of the rubric's weight could be decided.</p>{badge}{added}</header>\n"
        f"<figure>{profile_svg(report)}<figcaption>Score of each letter and principle.</figcaption></figure>"
    )


def _contents(report: Report) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="#{_text(number)}">{_text(number)}</a></th>'
        f"<td>{_percent(found.score)}</td><td>{_maturity(found.maturity)}</td>"
        f"<td>{len(found.indicators)}</td></tr>"
        for number, found in report.principles.items()
    )
    return (
        '<h2 id="verdicts">Principles</h2>\n<table><caption>Score and maturity (0 to 3)</caption>'
        '<thead><tr><th scope="col">Principle</th><th scope="col">Score</th><th scope="col">Maturity</th>'
        f'<th scope="col">Indicators</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _principle(number: str, found: PrincipleResult) -> str:
    items = "\n".join(map(_indicator, found.indicators))
    return (
        f'<section id="{_text(number)}"><h2>{_text(number)} <small>{_percent(found.score)}</small></h2>\n'
        f"{items}\n</section>"
    )


def _indicator(item: IndicatorResult) -> str:
    weight = "essential" if item.weight == 3 else f"weight {item.weight}"  # noqa: PLR2004 - the rubric's
    remedy = f'<p class="remedy"><b>Next step:</b> {_text(item.remedy)}</p>' if item.remedy else ""
    same = f"<p>Corresponds to {_text(', '.join(item.corresponds_to))}.</p>" if item.corresponds_to else ""
    rules = (("pass", item.rule.passes), ("partial", item.rule.partial), ("fail", item.rule.fails))
    rule = "".join(f"<dt>{word}</dt><dd>{_text(text or _NO_RULE)}</dd>" for word, text in rules)
    # Passes are folded on screen; printing unfolds them.
    shown = "" if item.verdict is Verdict.PASS else " open"
    cited = "".join(f"<li>{_citation(one)}</li>" for one in item.evidence) or "<li>none</li>"
    return (
        f'<article class="{item.verdict.value}"><h3><span class="verdict">{_WORDS[item.verdict]}</span> '
        f"{_text(item.id)} {_text(item.title)} <small>{weight}</small></h3>\n"
        f"<p>{_text(item.reason)}</p>{remedy}<details{shown}><summary>Rule and evidence</summary>"
        f"<dl>{rule}</dl><h4>Evidence</h4><ul>{cited}</ul>{same}</details></article>"
    )


def _citation(cited: Citation) -> str:
    parts = [
        f"{_text(cited.source)} <b>{_text(cited.what)}</b>: {_text(cited.value)} ({_text(cited.origin)})"
    ]
    parts += [_place(cited.where)] if cited.where else []
    parts += [f"at {_text(cited.when)}"] if cited.when else []
    parts += [f"<code>{_text(cited.digest)}</code>"] if cited.digest else []
    return ", ".join(parts)


def _place(where: str) -> str:
    if where.startswith(("https://", "http://")):
        return f'<a href="{_text(where)}" rel="noopener noreferrer">{_text(where)}</a>'
    return f"in {_text(where)}"


def _comparison(report: Report) -> str:
    tables = "".join(_tool(tool, rows) for tool, rows in compared(report).items())
    note = "These metrics ask the same or nearly the same; the other tools were not run."
    return f'<section id="comparison"><h2>Other tools</h2><p>{note}</p>{tables}</section>'


def _tool(tool: str, rows: tuple[Compared, ...]) -> str:
    heads = "".join(f'<th scope="col">{word}</th>' for word in ("Metric", "Indicator", "Title", "Verdict"))
    cells = "".join(
        f'<tr><th scope="row">{_text(row.metric)}</th><td>{_text(row.indicator)}</td>'
        f"<td>{_text(row.title)}</td><td>{_WORDS[row.verdict]}</td></tr>"
        for row in rows
    )
    table = f"<thead><tr>{heads}</tr></thead><tbody>{cells}</tbody>"
    return f"<table><caption>{_text(tool)}</caption>{table}</table>"


def _maturity(level: int | None) -> str:
    return "unknown" if level is None else str(level)


def _percent(score: float | None) -> str:
    return "unknown" if score is None else f"{100 * score:.0f} %"


def _text(value: str | None) -> str:
    return escape(clean(value or ""))
