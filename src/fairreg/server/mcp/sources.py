# SPDX-License-Identifier: MIT
"""The tool ``list_sources``."""

from fairreg import harvesters
from fairreg.registry import Info, Registry
from fairreg.server.mcp.answers import DescribedSource, KnownSources
from fairreg.server.mcp.arguments import NoArguments
from fairreg.server.mcp.foreign_text import SENTENCE, line
from fairreg.sources import is_from_files, source_named

__all__ = ["list_sources"]


def list_sources(registry: Registry, _asked: NoArguments) -> KnownSources:
    """Return the sources of records with their numbers. Raises RegistryError."""
    info = registry.info()
    names = {item.name for item in harvesters.all_harvesters()} | info.sources.keys()
    return KnownSources(
        entries=info.entries,
        kinds=dict(info.kinds),
        runnable=info.runnable,
        sources=tuple(_source(name, info) for name in sorted(names) if not is_from_files(name)),
    )


def _source(name: str, info: Info) -> DescribedSource:
    row = source_named(name)
    harvested = (item.updated_at for item in info.harvests if item.source == name)
    terms = row.metadata_terms
    return DescribedSource(
        name=line(name) or "",
        title=line(row.title) or "",
        records=info.sources.get(name, 0),
        url=row.url or None,
        last_harvest=max(filter(None, harvested), default=None),
        terms_of_metadata=None if terms is None else line(terms.license or terms.words, SENTENCE),
    )
