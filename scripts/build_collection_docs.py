# SPDX-License-Identifier: MIT
"""Write the table of the packaged collections in docs/collections.md.

    python scripts/build_collection_docs.py [--check]

The table follows the mark in the page. `--check` writes nothing and exits with 1 where the page is not up to
date.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fairreg.collections import collection, collection_names

PAGE = Path(__file__).parents[1] / "docs" / "collections.md"
MARK = "<!-- From here on written by scripts/build_collection_docs.py. -->\n"
NO_HOME = Path(__file__).parent  # without a folder of users' collections


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 for an old page")
    if parser.parse_args().check:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    return 0


def page() -> str:
    """The text of docs/collections.md: what is written by hand, and the table behind the mark."""
    by_hand = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return "\n".join((f"{by_hand}{MARK}", *table())) + "\n"


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| collection | about | queries |"
    yield "|---|---|---|"
    for name in collection_names(NO_HOME):
        known = collection(name, NO_HOME)
        counts = Counter(query.source for query in known.queries)
        queries = ", ".join(f"{count} {source}" for source, count in sorted(counts.items()))
        yield f"| `{name}` | {known.description} | {len(known.queries)}: {queries} |"


if __name__ == "__main__":
    raise SystemExit(main())
