# SPDX-License-Identifier: MIT
"""The registry for programs: JSON documents, described by ``/openapi.json``."""

from starlette.routing import BaseRoute, Route

from fairreg.server import any_path
from fairreg.server.api.changes import changes_answer
from fairreg.server.api.fingerprints import fingerprint_answer
from fairreg.server.api.openapi import openapi_answer
from fairreg.server.api.records import record_answer
from fairreg.server.api.search import facets_answer, search_answer
from fairreg.server.api.sources import sources_answer
from fairreg.server.site import Site

__all__ = ["routes"]


def routes(_site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    any_path.register()
    return [
        Route("/api/search", search_answer),
        Route("/api/facets", facets_answer),
        Route("/api/records/{pid:any}", record_answer),
        Route("/api/fingerprints/{value}", fingerprint_answer),
        Route("/api/sources", sources_answer),
        Route("/api/changes", changes_answer),
        Route("/openapi.json", openapi_answer),
    ]
