# SPDX-License-Identifier: MIT
"""The frame of every page: its head, navigation and policy of content."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse

from fairreg import pages
from fairreg.server.pages.paths import local, web_address
from fairreg.server.pages.static import static_path
from fairreg.server.site import Site

__all__ = ["CONTENT_SECURITY_POLICY", "framed", "page_response"]

# A page loads files of its own server and nothing else; no script or style stands in it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The scorecard is that of the reports.
_TEMPLATES = (__package__, "fairreg.assessment.rendering")
_PLACES = (("search", "/", "Search"), ("sources", "/sources", "Sources"), ("help", "/help", "Help"))


def framed(site: Site, template: str, *, title: str, here: str = "", head: str = "", **values: Any) -> str:
    """Render a template in the frame; `head` is safe HTML for the head, `here` a place of the navigation."""
    return pages.render(
        _TEMPLATES,
        f"templates/{template}",
        title=title,
        head=Markup(head),  # noqa: S704  # made by the server from escaped values
        here=here,
        places=[(name, local(site, path), words) for name, path, words in _PLACES],
        home=local(site, "/"),
        searching=local(site, "/search"),
        static={name: static_path(site, name) for name in ("site.css", "site.js", "htmx.min.js", "icon.svg")},
        web_address=web_address,
        **values,
    )


def page_response(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """Return the answer that shows a page."""
    policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(text, status_code=status, headers={**policy, **(headers or {})})
