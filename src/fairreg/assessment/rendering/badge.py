# SPDX-License-Identifier: MIT
"""A badge as one self-contained SVG file: the word FAIR, a bar per letter, and the score."""

from html import escape

from fairreg import rubrics
from fairreg.assessment.report import AssessmentReport

__all__ = ["badge_svg", "badge_text"]

_HEIGHT, _LEFT, _PAD, _CHARACTER = 22, 62, 10, 7
_FONT = "font-family='Verdana,DejaVu Sans,sans-serif' font-size='11'"
_GREY, _DARK = "#5c6670", "#24292f"
_COLOURS = ((0.75, "#1a7f37"), (0.5, "#7d6000"), (0.0, "#b3261e"))  # each has 4.5:1 against white


def badge_text(report: AssessmentReport) -> str:
    """Return the badge's text: the score, ``not awarded``, or ``unknown`` where too little is known."""
    if report.overall is None or report.badge is None:
        return "unknown"
    return f"{100 * report.overall:.0f} %" if report.badge.awarded else "not awarded"


def badge_svg(report: AssessmentReport) -> str:
    """Return the badge; its title gives the score in words, for screen readers."""
    text = badge_text(report)
    width = _LEFT + 2 * _PAD + _CHARACTER * len(text)
    middle, length = _LEFT + (width - _LEFT) // 2, _CHARACTER * len(text)
    title = escape(f"FAIR: {text} ({report.rubric} {report.rubric_version})")
    known = text not in {"unknown", "not awarded"}
    colour = _colour(report.overall) if known else _GREY
    lines = [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{_HEIGHT}' role='img' "
            f"aria-label='{title}'>"
        ),
        f"<title>{title}</title>",
        f"<rect width='{width}' height='{_HEIGHT}' rx='4' fill='{colour}'/>",
        f"<path d='M4 0H{_LEFT}V{_HEIGHT}H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z' fill='{_DARK}'/>",
        f"<text x='7' y='15' fill='#fff' {_FONT}>FAIR</text>",
        *(_bars(report) if known else ()),
        (
            f"<text x='{middle}' y='15' fill='#fff' text-anchor='middle' textLength='{length}' {_FONT}>"
            f"{escape(text)}</text>"
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _bars(report: AssessmentReport) -> list[str]:
    tallest, foot = 14, 18
    scores = [score or 0.0 for score in report.letters.values()]
    return [
        f"<rect x='{38 + 5 * place}' y='{foot - tallest * score:.1f}' width='4' "
        f"height='{tallest * score:.1f}' fill='#fff'/>"
        for place, score in enumerate(scores)
    ]


def _colour(score: float | None) -> str:
    return next((colour for limit, colour in _COLOURS if rubrics.reaches(score or 0.0, limit)), _GREY)
