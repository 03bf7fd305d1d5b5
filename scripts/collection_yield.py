# SPDX-License-Identifier: MIT
"""Count what the Hub queries of the packaged collections yield on a saved list of the Hub.

    python scripts/collection_yield.py [FILE] [--collection NAME] [--first N]

FILE (default: ../shared/payloads/huggingface/hub-models-2022-02.infos.jsonl.xz beside the checkout) holds one
model info of the Hub per line, compressed with xz. A query's words are looked for in the names of the models,
as the Hub does; its tags and author must be theirs. The list is of 2022, so that tags and authors that came
later have 0. Ends with a table of the collections: queries, queries with models, and distinct models, within
the limits of the queries. `--first N` reads the first N models only.
"""

import argparse
import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fairreg.collections import Collection, CollectionQuery, collection, collection_names
from fairreg.harvesters.huggingface.query import HubQuery

INFOS = Path(__file__).parents[2] / "shared/payloads/huggingface/hub-models-2022-02.infos.jsonl.xz"
NO_HOME = Path(__file__).parent  # without a folder of users' collections
SOURCE = "huggingface"


@dataclass(frozen=True)
class Listed:
    """A model in the list: its name, number of downloads and tags."""

    name: str
    downloads: int
    tags: frozenset[str]

    @property
    def author(self) -> str:
        """Owner of the repository, "" for the old models without one."""
        return self.name.partition("/")[0] if "/" in self.name else ""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=INFOS, metavar="FILE")
    parser.add_argument("--collection", choices=collection_names(NO_HOME), metavar="NAME")
    parser.add_argument("--first", type=int, metavar="N")
    options = parser.parse_args()
    models = list(islice(listed(options.file), options.first))
    names = [options.collection] if options.collection else collection_names(NO_HOME)
    print("\n".join(report(models, [collection(name, NO_HOME) for name in names])))
    return 0


def listed(file: Path) -> Iterator[Listed]:
    """Yield the models of a compressed list."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            info = json.loads(line)
            name = info.get("id") or info["modelId"]
            yield Listed(name, info.get("downloads") or 0, frozenset(info.get("tags") or ()))


def matches(model: Listed, query: HubQuery) -> bool:
    """Tell whether the Hub's list for `query` has the model."""
    return (
        query.words.lower() in model.name.lower()
        and query.author in (None, model.author)
        and model.tags >= set(query.tags)
    )


def chosen(models: Sequence[Listed], query: CollectionQuery) -> list[Listed]:
    """Return the models of a query, the most downloaded first, within its limit."""
    found = [model for model in models if matches(model, HubQuery.of(query.query))]
    return sorted(found, key=lambda model: -model.downloads)[: query.limit]


def report(models: Sequence[Listed], collections: Sequence[Collection]) -> Iterator[str]:
    """Yield the lines of each query and the table."""
    table = []
    for known in collections:
        yield f"{known.name}: {known.title}"
        found: set[str] = set()
        filled = 0
        queries = [query for query in known.queries if query.source == SOURCE]
        for query in queries:
            names = {model.name for model in chosen(models, query)}
            yield f"  {query.query:34} {len(names):6,} models, {len(names - found):6,} new"
            found |= names
            filled += bool(names)
        table.append((known.name, len(queries), filled, len(found)))
    yield ""
    yield f"Hub queries on {len(models):,} models:"
    yield "| collection | queries | with models | distinct models |"
    yield "|---|---:|---:|---:|"
    yield from (f"| {name} | {count} | {filled} | {total:,} |" for name, count, filled, total in table)


if __name__ == "__main__":
    raise SystemExit(main())
