# SPDX-License-Identifier: MIT
"""Make a file of many records for `fairreg import` out of a few: seeded, with realistic word frequencies.

    python scripts/multiply_records.py SOURCE OUT.jsonl --number 2000000 [--seed 1] [--first 0]

SOURCE is a file that `fairreg export` wrote, or a folder with a dump of the Hub (hub-models-*.xz and
hub-cards-*.xz). Each new record is a copy of one drawn from it with another name, owner, date, words and
tags: some words of the description are replaced by words drawn from all descriptions,
each as often as it occurs there, some keywords by keywords of other records. So common words stay common and
rare ones rare, and nothing is the same twice. `--first` goes on where an earlier file of the same seed ended.
"""

import argparse
import json
import lzma
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Share of the words of a description that are drawn anew, and of the keywords.
CHANGED = 0.2
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnrst" for vowel in "aeio"]
EPOCH = datetime(2018, 1, 1, tzinfo=UTC)
DAYS = 3200

Record = dict[str, Any]


@dataclass
class Stock:
    """What new records are made of."""

    records: list[Record]
    words: list[str]
    keywords: list[str]

    @classmethod
    def of(cls, source: Path) -> "Stock":
        """The models of the Hub in an exported file or in a dump."""
        read = _dumped if source.is_dir() else _records
        records = [record for record in read(source) if record["provenance"]["source"] == "huggingface"]
        words = [word for record in records for word in record.get("description", "").split()]
        keywords = [word for record in records for word in record.get("keywords", ())]
        return cls(records, words, keywords)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--number", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first record")
    options = parser.parse_args()
    stock = Stock.of(options.source)
    if not stock.records:
        sys.exit(f"{options.source} holds no record of the Hugging Face Hub.")
    with options.out.open("w", encoding="utf-8") as out:
        for number in range(options.first, options.first + options.number):
            out.write(line_of(multiplied(stock, options.seed, number)))


def line_of(record: Record) -> str:
    """The line that `fairreg import` reads."""
    return json.dumps({"record": record}, ensure_ascii=False) + "\n"


def multiplied(stock: Stock, seed: int, number: int) -> Record:
    """The record of that number: a function of seed and number alone."""
    draw = random.Random(seed * 2**40 + number)
    model = stock.records[draw.randrange(len(stock.records))]
    old = model["provenance"]["source_id"]
    name = _renamed(draw, old.rpartition("/")[2])
    new = f"{_owner(draw)}/{name}-{number:x}"
    fields = dict(model)
    fields |= {
        "identifier": f"huggingface:{new}",
        "name": f"{name}-{number:x}",
        "alternate_names": [new],
        "identifiers": [{"scheme": "huggingface", "value": new}],
        "creators": [{"name": new.partition("/")[0], "kind": "organization"}],
        "provenance": model["provenance"] | {"source_id": new, "url": f"https://huggingface.co/{new}"},
        "date_modified": (EPOCH + timedelta(days=draw.randrange(DAYS))).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "distributions": [
            item | {"url": item["url"].replace(old, new)} if item.get("url") else item
            for item in model.get("distributions", ())
        ],
    }
    if "description" in model:
        fields["description"] = " ".join(_redrawn(draw, model["description"].split(" "), stock.words))
    if "keywords" in model:
        fields["keywords"] = list(dict.fromkeys(_redrawn(draw, model["keywords"], stock.keywords)))
    return fields


def _redrawn(draw: random.Random, texts: list[str], stock: list[str]) -> Iterator[str]:
    return (stock[draw.randrange(len(stock))] if draw.random() < CHANGED else text for text in texts)


def _renamed(draw: random.Random, name: str) -> str:
    """The name with one of its parts invented anew, so that most of its words stay what people name by."""
    parts = re.split(r"([-_.])", name)
    at = 2 * draw.randrange((len(parts) + 1) // 2)
    parts[at] = _invented(draw) if len(parts) > 1 else f"{parts[0]}-{_invented(draw)}"
    return "".join(parts)


def _owner(draw: random.Random) -> str:
    return "".join((_invented(draw), "-", _invented(draw))) if draw.random() < CHANGED else _invented(draw)


def _invented(draw: random.Random) -> str:
    """A pronounceable word, the first ones far more often than the last, as with real owners."""
    length = draw.choice((2, 3, 3, 4))
    return "".join(SYLLABLES[int(len(SYLLABLES) * draw.random() ** 2)] for _ in range(length))


def _records(file: Path) -> Iterator[Record]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line).get("record")
            if record is not None:
                yield record


def _dumped(folder: Path) -> Iterator[Record]:
    from fairreg import harvesters
    from fairreg.harvesters.huggingface.mapping import envelope

    harvester = harvesters.get("huggingface")
    infos, cards = (next(folder.glob(pattern)) for pattern in ("hub-models-*.xz", "hub-cards-*.xz"))
    texts = {item["id"]: item.get("readme") for item in _lines(cards)}
    for info in _lines(infos):
        payload = envelope({**info, "id": info["modelId"]}, texts.get(info["modelId"]))
        yield harvester.to_record(payload).to_json()


def _lines(path: Path) -> Iterator[Any]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
