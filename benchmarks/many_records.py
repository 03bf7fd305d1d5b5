# SPDX-License-Identifier: MIT
"""A registry of many made-up records, for benchmarks: made once, then used again."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from multiplying import multiplying

from fairreg.registry import Registry, catalogue
from fairreg.schemas.record import ModelRecord
from fairreg.services.registry import db
from fairreg.settings import Settings

__all__ = ["filled"]

PORTION = 1000
# Made-up copies have places and files of their own, and are no versions of what they were copied from.
OWN = {"checksums", "fingerprints"}
LINKS = {"trained_on", "tested_on", "cites", "references"}


def filled(settings: Settings, number: int, source: Path | None) -> int:
    """Grow the registry of `settings` to `number` made-up records beside the catalogue; count its entries."""
    db.ensure(settings, _say)
    with Registry(settings=settings) as registry:
        have = registry.info().sources.get("huggingface", 0)
        if have < number:
            script = multiplying()
            stock = _of_catalogue(script) if source is None else script.Stock.of(source)
            with registry.upkeep.bulk_write():
                for first in range(have, number, PORTION):
                    made = _made(stock, first, min(number, first + PORTION))
                    registry.put_many(map(ModelRecord.from_json, made))
                    _say(f"{first + PORTION} of {number} records")
            registry.upkeep.analyze()
        return registry.listing.count()


def _made(stock: Any, first: int, end: int) -> Iterator[dict[str, Any]]:
    script = multiplying()
    for at in range(first, end):
        record = script.multiplied(stock, 1, at)
        yield record | {"date_published": record["date_modified"][:10]}


def _of_catalogue(script: ModuleType) -> Any:
    """The packaged catalogue as what new records are made of."""
    records = [_unlinked(record.to_json()) for record in catalogue.records()]
    words = [word for record in records for word in record.get("description", "").split()]
    keywords = [word for record in records for word in record.get("keywords", ())]
    return script.Stock(records, words, keywords)


def _unlinked(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what would make its copies one model."""
    files = [{name: item[name] for name in item.keys() - OWN} for item in record.get("distributions", ())]
    relations = [item for item in record.get("relations", ()) if item["type"] in LINKS]
    place = {"source": "huggingface", "source_id": f"a/{record['name']}"}
    return record | {"distributions": files, "relations": relations, "provenance": place}


def _say(line: str) -> None:
    print(line, file=sys.stderr)
