# SPDX-License-Identifier: MIT
"""HTML pages in one style: `base.html` is the frame of every page, `style.css` its style.

A page is one file without scripts and external resources, for screens of any width and for print.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from fairreg.schemas.text import clean, without_hidden

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render"]


def render(package: str | tuple[str, ...], template: str, **values: Any) -> str:
    """Render a template of `package`, which may extend ``base.html``; this needs a `title` among the values.

    Of several packages the first that has a template gives it.

    All values become text: they are escaped, and characters that HTML does not allow, that turn the direction
    of text, or that hide in it, are removed.
    """
    return _environment(package).get_template(template).render(values)


@cache
def _environment(package: str | tuple[str, ...]) -> "Environment":
    # Imported here, because only commands that write a page need it.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    named = (package,) if isinstance(package, str) else package
    places = [PackageLoader(place, package_path="") for place in (*named, __name__)]
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
    if type(value) is str and value.isascii() and value.isprintable():
        return value  # most texts, without a search
    return without_hidden(clean(value)) if type(value) is str else value
