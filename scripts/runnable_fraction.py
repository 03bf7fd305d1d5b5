# SPDX-License-Identifier: MIT
"""Print the fraction of models that run: of the packaged catalogue, and of a registry.

    python scripts/runnable_fraction.py [--registry URL] [--write]

A model counts once, by the best of its files: `runs` (a runner loads the format, or fairreg builds the
network), `converts` (to ONNX), `recognised` (a known format that needs its authors' code), `unknown`. Of the
catalogue the models with weights in their repository are listed one by one: `checked` where files of them
were opened, `by its naming only` where only the list of files was seen. `--write` writes docs/runnable.md.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from fairreg.registry import Registry, catalogue
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import Way, way

WEIGHTS = Path(__file__).with_name("catalogue_weights.tsv")
PAGE = Path(__file__).parents[1] / "docs" / "runnable.md"
MARK = "<!-- From here on written by scripts/runnable_fraction.py --write. -->\n"
WORDS = ("runs", "converts", "recognised", "unknown")
BASIS = {"checked": "checked", "named": "by its naming only"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--registry", metavar="URL", help="database of a registry, such as sqlite:///file")
    parser.add_argument("--write", action="store_true", help="write docs/runnable.md")
    options = parser.parse_args()
    if options.write:
        PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print("\n".join(catalogue_report()))
    if options.registry:
        print()
        print("\n".join(registry_report(options.registry)))
    return 0


def page() -> str:
    """The text of docs/runnable.md: what is written by hand, and the tables behind the mark."""
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return "\n".join((f"{by_hand}{MARK}", *catalogue_report())) + "\n"


def catalogue_report() -> Iterator[str]:
    """Yield the lines on the packaged catalogue."""
    models = {item.identifier: item for item in catalogue.records() if item.kind == "model"}
    with WEIGHTS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["identifier"] in models]
    places = Counter(row["weights"] for row in rows)
    yield f"The packaged catalogue lists {len(rows)} models of others."
    yield (
        f"Weights: {places['repository']} in their repository, {places['elsewhere']} elsewhere, "
        f"{places['none']} nowhere that was seen."
    )
    yield ""
    here = [row for row in rows if row["weights"] == "repository"]
    ways = {row["identifier"]: way_of(row, models[row["identifier"]]) for row in here}
    yield from by_format(ways.values())
    yield ""
    yield "| model | weights | how | basis |"
    yield "|---|---|---|---|"
    for row in sorted(here, key=lambda row: WORDS.index(ways[row["identifier"]].word)):
        yield line_of(row, ways[row["identifier"]], models[row["identifier"]])


def way_of(row: dict[str, str], record: ModelRecord) -> Way:
    """How a listed model gets to run; an obstacle that was seen in its files counts more than their names."""
    found = way(record)
    return Way("recognised", found.by) if row["obstacle"] and found.word != "unknown" else found


def line_of(row: dict[str, str], found: Way, record: ModelRecord) -> str:
    how = f"{found.word}: {found.by}" if found.by else found.word
    obstacle = f" ({row['obstacle']})" if row["obstacle"] else ""
    return f"| {record.name} | {row['files']} | {how}{obstacle} | {BASIS[row['basis']]} |"


def registry_report(url: str) -> Iterator[str]:
    """Yield the lines on all models of a registry."""
    with Registry(url) as registry:
        ways = [way(entry.record) for entry in registry.listing.entries() if entry.record.kind == "model"]
    yield f"The registry has {len(ways)} models."
    yield ""
    yield from by_format(ways)


def by_format(ways: Iterable[Way]) -> Iterator[str]:
    """Yield a table of the numbers by format or network, and the fractions."""
    counts = Counter((found.word, found.by) for found in ways)
    total = sum(counts.values())
    yield "| | format or network | models |"
    yield "|---|---|---|"
    for word, by in sorted(counts, key=lambda key: (WORDS.index(key[0]), -counts[key], key[1])):
        yield f"| {word} | {by or 'no file of a known format'} | {counts[word, by]} |"
    sums = Counter[str]()
    for (word, _), number in counts.items():
        sums[word] += number
    able = sums["runs"] + sums["converts"]
    listed = ", ".join(f"{sums[word]} {word}" for word in WORDS)
    yield ""
    yield f"Of {total}: {listed}. {able} of {total} ({able / total if total else 0:.0%}) run or convert."


if __name__ == "__main__":
    raise SystemExit(main())
