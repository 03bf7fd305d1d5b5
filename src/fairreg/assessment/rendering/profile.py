# SPDX-License-Identifier: MIT
"""The profile of an assessment as a picture: one bar for each letter, and one for each of its principles."""

from html import escape

from fairreg.assessment.report import Report

__all__ = ["profile_svg"]

_WIDTH, _LINE, _LABEL, _BAR = 640, 20, 90, 460
_GOOD, _FAIR = 0.75, 0.5


def profile_svg(report: Report) -> str:
    """Inline SVG; the page colours the classes ``good``, ``fair`` and ``poor``, and lengths say the same."""
    rows = _rows(report)
    height = _LINE * len(rows) + 8
    said = ", ".join(f"{name} {_percent(score)}" for name, score, letter in rows if letter)
    drawn = "".join(_row(place, *row) for place, row in enumerate(rows))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Scores by letter: {escape(said)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>Scores by letter: {escape(said)}</title>{drawn}</svg>'
    )


def _rows(report: Report) -> list[tuple[str, float | None, bool]]:
    """(name, score, whether it is a letter) from top to bottom."""
    rows: list[tuple[str, float | None, bool]] = []
    for letter, score in report.letters.items():
        rows.append((letter, score, True))
        rows += [
            (name, found.score, False) for name, found in report.principles.items() if name.startswith(letter)
        ]
    return rows


def _row(place: int, name: str, score: float | None, letter: bool) -> str:
    top, tall = _LINE * place + 4, _LINE - 6 if letter else _LINE - 12
    level = "poor" if score is None or score < _FAIR else "good" if score >= _GOOD else "fair"
    weight = ' font-weight="bold"' if letter else ""
    middle = top + (_LINE - 6) / 2
    length = _BAR * (score or 0.0)
    return (
        f'<text x="{0 if letter else 16}" y="{top + 11}"{weight}>{escape(name)}</text>'
        f'<rect class="rail" x="{_LABEL}" y="{middle - tall / 2:g}" width="{_BAR}" height="{tall}"/>'
        f'<rect class="{level}" x="{_LABEL}" y="{middle - tall / 2:g}" width="{length:.1f}" height="{tall}"/>'
        f'<text x="{_LABEL + _BAR + 10}" y="{top + 11}"{weight}>{_percent(score)}</text>'
    )


def _percent(score: float | None) -> str:
    return "unknown" if score is None else f"{100 * score:.0f} %"
