# SPDX-License-Identifier: MIT
"""Map every saved payload with two versions of fairreg and print which facts became fewer.

    git worktree add --detach /tmp/fairreg-0.1.0 <the last commit of 0.1.0>
    python scripts/compare_facts.py /tmp/fairreg-0.1.0 [FOLDER] [--small] [--list FACT]

The first argument is a checkout of the older version (its `src` will do, too). FOLDER (default:
../shared/payloads beside this checkout) holds recorded answers as for `payload_table.py`. Each version maps
them in a process of its own, with its own `payload_table.py`. For each source and fact the table says for how
many payloads its count fell, is the same, is the same with other words, and rose. `RIGHT` states the falls
that are meant, with the reason for each; ends with 1 when any other fact fell. `--small` leaves out the large
dump of the Hugging Face Hub, `--list` names the payloads for which a fact fell or has other words.
"""

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).resolve().parents[1]
DEFAULT = HERE.parent / "shared" / "payloads"
WORDS = ("fell", "same", "changed", "rose")
# Falls that are meant: (source, fact, why).
RIGHT: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Mapped:
    """One payload's place and name, and number and digest of each fact in its record; none where refused."""

    file: str
    position: int
    name: str
    source: str
    facts: dict[str, tuple[int, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT)
    parser.add_argument("--small", action="store_true", help="leave out the large dump of the Hub")
    parser.add_argument("--list", metavar="FACT", help="name the payloads for which FACT fell")
    parser.add_argument("--count", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    checkout = options.old.parent if options.old.name == "src" else options.old
    if not (checkout / "scripts" / "payload_table.py").is_file() or not options.folder.is_dir():
        sys.exit(f"There is no checkout {checkout}, or no folder {options.folder} of payloads.")
    if options.count:
        sys.path.insert(0, str(checkout / "scripts"))
        print_counts(options.folder, large=not options.small)
        return
    pairs = list(compared(checkout, options.folder, small=options.small))
    if options.list:
        print_fallen(pairs, options.list)
    sys.exit(report(pairs))


def print_counts(folder: Path, *, large: bool) -> None:
    """Print a line of JSON for each payload, mapped by the fairreg of this process."""
    import payload_table

    from fairreg import harvesters
    from fairreg.errors import RecordError

    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        file = path.relative_to(folder).as_posix()
        source = payload_table.owner_of(file)
        if payload_table.nature_of(file) or (path.name == payload_table.LARGE and not large):
            continue
        for position, (name, payload) in enumerate(payload_table.payloads(path, source)):
            try:
                found = facts_of(harvesters.get(source).to_record(payload))
            except RecordError:
                found = {}
            print(json.dumps([file, position, name, source, found]))


def facts_of(record: Any) -> dict[str, tuple[int, str]]:
    """Return how many of each fact a record holds, with a digest of them, whichever version made it."""
    creators, files = record.creators, record.distributions
    lists = (
        "keywords",
        "identifiers",
        "relations",
        "evaluations",
        "frameworks",
        "ml_task",
        "alternate_names",
    )
    texts = (
        "name",
        "description",
        "version",
        "publisher",
        "license",
        "language",
        "access",
        "parameter_count",
    )
    found = {
        "records": [record.identifier],
        "creators": [(item.name, item.kind) for item in creators],
        "ORCIDs": [item.orcid for item in creators],
        "affiliations": [item.affiliation for item in creators],
        "licence": [record.license or record.license_stated],
        "files": [(item.name, item.path, item.url) for item in files],
        "sizes": [item.size for item in files],
        "checksums": [text for item in files for text in item.checksums],
        "dates": [record.date_created, record.date_published, record.date_modified],
        **{name: list(getattr(record, name)) for name in lists},
        **{name: [getattr(record, name)] for name in texts},
    }
    return {name: _counted([item for item in values if item is not None]) for name, values in found.items()}


def _counted(values: list[Any]) -> tuple[int, str]:
    plain = json.dumps(
        msgspec.to_builtins(values)
    )  # without fields that only one version has, and leaves empty
    return len(values), hashlib.sha256(plain.encode()).hexdigest()[:16]


def compared(old: Path, folder: Path, *, small: bool) -> Iterator[tuple[Mapped, Mapped]]:
    """Yield each payload as both versions map it; RuntimeError where they do not read the same payloads."""
    for before, now in itertools.zip_longest(*(counts(item, folder, small=small) for item in (old, HERE))):
        if before is None or now is None or before.file != now.file or before.position != now.position:
            message = f"The versions split the payloads differently, at {before} and {now}."
            raise RuntimeError(message)
        yield before, now


def counts(checkout: Path, folder: Path, *, small: bool) -> Iterator[Mapped]:
    """Yield what the version in a checkout makes of each payload. CalledProcessError where it fails."""
    command = [sys.executable, __file__, str(checkout), str(folder), "--count", *(["--small"] * small)]
    variables = os.environ | {"PYTHONPATH": str(checkout / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            file, position, name, source, facts = json.loads(line)
            yield Mapped(file, position, name, source, {fact: tuple(item) for fact, item in facts.items()})
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def report(pairs: list[tuple[Mapped, Mapped]]) -> int:
    """Print the table; return 1 when a fact fell that is not in `RIGHT`, else 0."""
    tally: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for before, now in pairs:
        for fact in {**before.facts, **now.facts}:
            tally[now.source, fact][change(before, now, fact)] += 1
    print(f"{'source':14}{'fact':18}" + "".join(f"{word:>9}" for word in WORDS))
    reasons = {(source, fact): why for source, fact, why in RIGHT}
    lost = 0
    for (source, fact), numbers in sorted(tally.items(), key=lambda item: item[0][0]):
        why = reasons.get((source, fact), "FEWER") if numbers["fell"] else ""
        lost += why == "FEWER"
        print(
            f"{source:14}{fact:18}" + "".join(f"{numbers[word]:>9}" for word in WORDS) + f"  {why}".rstrip()
        )
    return int(lost > 0)


def change(before: Mapped, now: Mapped, fact: str) -> str:
    """Return the word for what became of one fact of a payload."""
    (old, words), (new, others) = before.facts.get(fact, (0, "")), now.facts.get(fact, (0, ""))
    return "fell" if new < old else "rose" if new > old else "same" if words == others else "changed"


def print_fallen(pairs: list[tuple[Mapped, Mapped]], fact: str) -> None:
    for before, now in pairs:
        word = change(before, now, fact)
        if word in {"fell", "changed"}:
            numbers = (item.facts.get(fact, (0, ""))[0] for item in (before, now))
            print(f"{now.file} {now.position} {now.name}: {word}, {' -> '.join(map(str, numbers))}")


if __name__ == "__main__":
    main()
