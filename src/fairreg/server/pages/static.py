# SPDX-License-Identifier: MIT
"""Files of the pages: one style sheet, two scripts and an icon, from memory.

The style sheet is made of three, each in a cascade layer of its own, so that the later ones win whatever
their selectors: Pico (forms and tables), the look of fairreg's reports, and the site's own.
"""

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fairreg.server.pages.paths import local
from fairreg.server.site import Site

__all__ = ["serve_file", "serve_icon", "static_path"]

_STYLE, _ICON = "site.css", "icon.svg"
_TYPES = {
    _STYLE: "text/css",
    "site.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    _ICON: "image/svg+xml",
    "htmx.LICENSE": "text/plain",
    "pico.LICENSE": "text/plain",
}
_CHARSET = '@charset "UTF-8";'  # only at the beginning of a file; HTTP says it of the whole


class _File(NamedTuple):
    content: bytes
    digest: str


async def serve_file(request: Request) -> Response:
    """Answer with a file; under the address that names its digest it never changes."""
    name = request.path_params["name"]
    if name not in _TYPES:
        raise HTTPException(404)
    found = _file(name)
    named = request.query_params.get("v") == found.digest
    keep = "public, max-age=31536000, immutable" if named else "public, max-age=300"
    return Response(found.content, media_type=_TYPES[name], headers={"Cache-Control": keep})


async def serve_icon(_request: Request) -> Response:
    """Answer with the icon, which browsers request for what is not a page of ours."""
    return Response(_file(_ICON).content, media_type=_TYPES[_ICON])


def static_path(site: Site, name: str) -> str:
    """Return the link to a file, with its digest."""
    return local(site, f"/static/{name}?v={_file(name).digest}")


@cache
def _file(name: str) -> _File:
    content = _style() if name == _STYLE else _packaged(__package__, name)
    return _File(content.encode(), hashlib.sha256(content.encode()).hexdigest()[:16])


def _style() -> str:
    layers = {
        "pico": _packaged(__package__, "pico.classless.min.css").removeprefix(_CHARSET),
        "look": files("fairreg.pages").joinpath("style.css").read_text("utf-8"),
        "site": _packaged(__package__, _STYLE),
    }
    order = f"@layer {', '.join(layers)};\n"
    return order + "".join(f"@layer {name} {{\n{rules}\n}}\n" for name, rules in layers.items())


def _packaged(package: str, name: str) -> str:
    return files(package).joinpath("static", name).read_text("utf-8")
