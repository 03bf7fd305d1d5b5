# SPDX-License-Identifier: MIT
"""Map every saved payload of every source and print what became of it.

    python scripts/payload_table.py [FOLDER] [--small]

FOLDER (default: ../shared/payloads beside the checkout) holds recorded answers, a folder for each service. A
payload is *valid* when its record passes the packaged schemas, comes back from its JSON-LD unchanged and has
a BibTeX form; *refused* when its mapping says why it is no record. Every file is accounted for: `OTHER` names
those that are no records by their nature, `OWNERS` whose the others are. Ends with 1 when a mapping crashed,
a record is not valid or a file is nobody's. `--small` leaves out the large dump of the Hugging Face Hub.
"""

import argparse
import base64
import json
import lzma
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.formats import bibtex
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import violations

DEFAULT = Path(__file__).parents[2] / "shared" / "payloads"
NOBODY = "(no source)"
# The first beginning of a path that fits says whose the file is.
OWNERS = {
    "zenodo/oai/": "zenodo_oai", "zenodo/": "zenodo", "datacite/": "datacite", "doi/": "datacite",
    "dlhub/garden-": "garden", "dlhub/": "dlhub", "globus-search/": "dlhub", "huggingface/": "huggingface",
    "github/": "github", "openml/": "openml", "cern-opendata/": "cernopendata", "croissant/": NOBODY,
    "fuji/": NOBODY, "jets/": NOBODY, "FACTS.md": NOBODY, "INDEX.md": NOBODY,
}  # fmt: skip
# Files that are no records by their nature, and what they are (empty: they hold payloads after all); the
# first pattern that fits counts.
OTHER = {
    "*.headers.json": "headers of an answer",
    "*/errors/*": "answer to a request that failed",
    "*.md": "",
    "croissant/*": "Croissant description of a dataset, which is no service's answer",
    "fuji/*": "metrics and results of the assessment service F-UJI",
    "jets/*": "jet data",
    "zenodo/landing/*": "landing page or redirect",
    "zenodo/*/files-*.json": "list of the files of a record",
    "zenodo/new/communities.json": "list of communities",
    "zenodo/deposit/*uploaded-file.json": "one uploaded file",
    "zenodo/oai/ListMetadataFormats.xml": "list of metadata formats",
    "datacite/list-clients-page.json": "list of repositories",
    "doi/ra-*.json": "registration agency of a prefix",
    "doi/crosscite-*.json": "citation in CSL JSON",
    "doi/*-ld.json": "citation in schema.org's JSON-LD",
    "doi/*.txt": "citation, redirect or error in plain text",
    "huggingface/hub-cards-*": "card, read with its model's info",
    "huggingface/*.txt": "redirect",
    "huggingface/datasets-server/*": "list of Parquet files",
    "huggingface/*catalog*": "catalogue that others derived from the Hub",
    "huggingface/inferenceatlas*": "catalogue that others derived from the Hub",
    "huggingface/jarvis*": "catalogue that others derived from the Hub",
    "huggingface/mlentory*": "catalogue that others derived from the Hub",
    "huggingface/peatmoss*": "catalogue that others derived from the Hub",
    "huggingface/pulse*": "catalogue that others derived from the Hub",
    "huggingface/trending*": "catalogue that others derived from the Hub",
    "github/iga/*/repo.json": "",
    "github/iga/*": "release or file, read with its repository",
    "github/*.txt": "redirect or answer that is no JSON",
    "github/*.cff": "citation file",
    "openml/*.xml": "XML form of an answer that fairreg reads as JSON",
    "openml/*-jdf-*": "features of a dataset",
    "openml/*-jdq-*": "qualities of a dataset",
    "openml/*_qualities.json": "qualities of a dataset",
    "openml/*-jdl-*": "list of datasets, or that there are none",
    "openml/aiod-list_*": "list of datasets, or that there are none",
}
LARGE = "hub-models-2022-02.infos.jsonl.xz"
Payloads = Iterator[tuple[str, Any]]


@dataclass
class Tally:
    """What became of one source's payloads and files: reasons with their numbers, faults as sentences."""

    valid: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def payloads(self) -> int:
        """How many payloads were mapped, whatever became of them."""
        return self.valid + self.refused.total() + len(self.faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT)
    parser.add_argument("--small", action="store_true", help="leave out the large dump of the Hub")
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"There is no folder {options.folder}; give the one that holds the payloads.")
    found = tallies(options.folder, large=not options.small)
    report(found)
    sys.exit(any(tally.faults for tally in found.values()))


def tallies(folder: Path, *, large: bool = True) -> dict[str, Tally]:
    """What became of every file in the folder, by source."""
    found = {name: Tally() for name in (*harvesters.names(), NOBODY)}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        owner = owner_of(name)
        nature = nature_of(name)
        if nature:
            found[owner].other[nature] += 1
        elif owner == NOBODY:
            found[owner].faults.append(f"{name} is nobody's")
        elif large or path.name != LARGE:
            count(found[owner], owner, payloads(path, owner))
    return found


def owner_of(name: str) -> str:
    """The source that the file belongs to, `NOBODY` for none."""
    return next((owner for start, owner in OWNERS.items() if name.startswith(start)), NOBODY)


def nature_of(name: str) -> str:
    """What a file is that is no record; empty for one that holds payloads."""
    if name in {"FACTS.md", "INDEX.md"}:
        return "notes about the payloads"
    return next((nature for pattern, nature in OTHER.items() if fnmatch(name, pattern)), "")


def recorded(folder: Path, source: str) -> Payloads:
    """(path in the folder, payload) of everything recorded of the source, the large dump left out."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LARGE):
        name = path.relative_to(folder).as_posix()
        if owner_of(name) == source and not nature_of(name):
            yield from ((name, payload) for _, payload in payloads(path, source))


def payloads(path: Path, source: str) -> Payloads:
    """(name, payload) of each payload in a file, as the source's `split` gives them."""
    if path.name == LARGE:
        yield from _models_with_cards(path)
    elif path.suffix == ".md":
        from fairreg.formats.model_card import decoded
        from fairreg.harvesters.huggingface.mapping import envelope

        yield path.name, envelope({"id": f"cards/{path.stem}"}, decoded(path.read_bytes()))
    elif path.name == "repo.json" and path.parent.parent.name == "iga":
        yield path.parent.name, _repository(path.parent)
    else:
        page = path.read_bytes() if path.suffix == ".xml" else json.loads(path.read_bytes())
        yield from ((path.name, payload) for payload in harvesters.get(source).split(page))


def _repository(folder: Path) -> Any:
    """The envelope of a repository from the answers and files that were saved of it."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    repository, release = json.loads(texts.pop("repo.json")), json.loads(texts.pop("release.json", "null"))
    return {
        "repository": repository,
        "release": release if release and "tag_name" in release else None,
        "files": {name.replace(".malformed.txt", ".json"): text for name, text in texts.items()},
    }


def _models_with_cards(path: Path) -> Payloads:
    from fairreg.formats.model_card import decoded
    from fairreg.harvesters.huggingface.mapping import envelope

    cards: dict[str, str] = {}
    for card in _lines(path.with_name("hub-cards-2022-02.jsonl.xz")):
        coded = card.get("readme_base64")
        cards[card["id"]] = decoded(base64.b64decode(coded)) if coded else card["readme"]
    for info in _lines(path):
        yield info["modelId"], envelope(info, cards.get(info["modelId"]))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def count(tally: Tally, source: str, items: Payloads) -> None:
    """Map the payloads and note what became of each."""
    harvester = harvesters.get(source)
    for name, payload in items:
        try:
            record = harvester.to_record(payload)
        except RecordError as error:
            tally.refused[re.sub(r"\[\d+\]", "[]", error.message)] += 1
        except Exception as error:  # noqa: BLE001 - a crash is what this looks for
            tally.faults.append(f"{name}: {type(error).__name__}: {error}")
        else:
            fault = fault_of(record)
            tally.valid += fault is None
            tally.faults += [f"{name}: {fault}"] if fault else []


def fault_of(record: ModelRecord) -> str | None:
    """What is wrong with a record or one of its views; None for a valid one."""
    found = violations(record.to_json())
    if found:
        return f"{found[0].path} {found[0].message}"
    document = json.loads(json.dumps(record.to_jsonld()))
    found = violations(document)
    if found:
        return f"JSON-LD: {found[0].path} {found[0].message}"
    if ModelRecord.from_jsonld(document) != record:
        return "its JSON-LD does not say the same"
    return None if bibtex.write(record).startswith("@") else "it has no BibTeX form"


def report(found: dict[str, Tally]) -> None:
    print(f"{'source':14}{'payloads':>9}{'valid':>8}{'refused':>9}{'faults':>8}{'no record':>11}")
    for source, tally in found.items():
        numbers = tally.payloads, tally.valid, tally.refused.total(), len(tally.faults), tally.other.total()
        print("{:14}{:>9}{:>8}{:>9}{:>8}{:>11}".format(source, *numbers))
        for title, reasons in (("refused", tally.refused), ("no record", tally.other)):
            for reason, number in reasons.most_common():
                print(f"    {number:5} {title}: {reason}")
        for fault in tally.faults:
            print(f"          FAULT: {fault}")


if __name__ == "__main__":
    main()
