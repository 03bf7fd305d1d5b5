# SPDX-License-Identifier: MIT
"""HTML pages in one look: `base.html` is the frame of every page, `style.css` the look of all of them.

A page is one file: it runs no script and loads nothing, and is made for screens of any width and for paper.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from fairreg.schemas.text import clean

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render"]


def render(package: str, template: str, **values: Any) -> str:
    """Render a template of `package`, which may extend ``base.html``; that needs a `title` among the values.

    Whatever the values hold is text in the page: it is escaped, without the characters that no page takes.
    """
    return _environment(package).get_template(template).render(values)


@cache
def _environment(package: str) -> "Environment":
    # Imported here: only a command that writes a page waits for it.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    places = [PackageLoader(place, package_path="") for place in (package, __name__)]
    return Environment(
        loader=ChoiceLoader(places),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _printable(value: Any) -> Any:
    return clean(value) if type(value) is str else value
