# SPDX-License-Identifier: MIT
"""Write the text of an issue about services that answer otherwise than fairreg expects.

    fairreg sources --check --record FOLDER
    python scripts/canary_issue.py FOLDER [--address URL]

The text is Markdown, on standard output: a table of the services, then the differences of each changed one.
What services answered stands in blocks of code, in which nobody is called and nothing is a link. URL is the
page of the recorded answers.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fairreg.services.check.comparison import Difference

MOST = 40  # differences of one service; the recorded answers have them all
LONGEST = 300  # characters of a line; GitHub takes 65,536 for an issue


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what --record wrote")
    parser.add_argument("--address", help="page with the recorded answers")
    asked = parser.parse_args()
    report = json.loads((asked.folder / "report.json").read_text("utf-8"))
    print(issue(report, asked.address))


def issue(report: Mapping[str, Any], address: str | None = None) -> str:
    """Return the text about a report of `fairreg sources --check --record`."""
    checks = [item for item in report["checks"] if item["status"] != "not checked"]
    changed = [item for item in checks if item["status"] == "changed"]
    parts = [f"`fairreg sources --check` of version {report['fairreg']}:", table(checks)]
    parts += [part for item in changed for part in (f"### {item['name']}", block(sentences(item)))]
    if changed:
        parts.append(
            "Records are made of what fairreg reads: there the harvester has to follow first. "
            "docs/service-check.md says how a recorded answer becomes the known one."
        )
    if address:
        parts.append(f"The recorded answers, without tokens and addresses of people: {address}")
    return "\n\n".join(parts)


def table(checks: Iterable[Mapping[str, Any]]) -> str:
    """Return the services with what came of each, those that changed first."""
    order = sorted(checks, key=lambda item: (item["status"] == "as expected", item["name"]))
    rows = (f"| {item['name']} | {item['status']} | {len(item['differences']) or ''} |" for item in order)
    return "\n".join(["| Service | Result | Differences |", "|---|---|---|", *rows])


def sentences(check: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each difference of a service, at most `MOST`, those that fairreg reads first."""
    if check["message"]:
        yield check["message"]
    found = [Difference(**item) for item in check["differences"]]
    yield from (item.sentence for item in sorted(found, key=lambda item: not item.read)[:MOST])
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more"


def block(lines: Iterable[str]) -> str:
    """Return lines as code, between fences that no line can close."""
    plain = ("".join(sign if sign.isprintable() else " " for sign in line) for line in lines)
    text = "\n".join(line if len(line) <= LONGEST else f"{line[:LONGEST]}..." for line in plain)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


if __name__ == "__main__":
    main()
