# SPDX-License-Identifier: MIT
"""Write the packaged catalogue from the curated list of models, datasets and software.

    python scripts/build_catalogue.py CATALOGUE.json [--output RECORDS.json] [--check]

The list holds facts with their evidence; this script only types them. catalogue_weights.tsv says where the
weights of each model are, as its repository was listed in November 2026. Run twice it writes the same bytes.
"""

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, normalise_orcid, parse
from fairreg.schemas.record import Access, Creator, FieldOrigin, ModelRecord, Provenance, Relation

WEIGHTS = Path(__file__).with_name("catalogue_weights.tsv")
OUTPUT = Path(__file__).parents[1] / "src/fairreg/registry/catalogue/records.json"

# The kind of identifier that names an entry best comes first; a paper names its subject only in need.
MAIN = (
    "doi",
    "huggingface",
    "github",
    "zenodo",
    "cernopendata",
    "kaggle",
    "dlhub",
    "url",
    "arxiv",
    "paper_doi",
)
# Ids that SPDX deprecated because they do not say -only or -or-later.
NOT_SPDX = frozenset({"GPL-2.0", "GPL-3.0", "LGPL-2.1", "LGPL-3.0", "AGPL-3.0"})
UNSEEN = {"frameworks": "frameworks", "architecture": "model_category", "artifact_formats": "formats"}
FORMATS_OF_WEIGHTS = re.compile(
    r"onnx|\bpth?\b|ckpt|\bh5\b|checkpoint|weights|safetensors|trained models", re.I
)
CONFIDENCE = {
    "high": "main identifier seen in an owner's file, the bibliography, CERN Open Data or a founding paper",
    "medium": "main identifier seen only in a third party's file, an index or a web page",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--check", action="store_true", help="only compare; fail where it differs")
    options = parser.parse_args()
    document = build(json.loads(options.catalogue.read_text(encoding="utf-8")))
    if options.check:
        return int(options.output.read_text(encoding="utf-8") != document)
    options.output.write_text(document, encoding="utf-8", newline="\n")
    print(f"{options.output}: {len(json.loads(document))} records")
    return 0


def weights_listed() -> dict[str, dict[str, str]]:
    """Rows of catalogue_weights.tsv by the identifier of the record."""
    with WEIGHTS.open(encoding="utf-8", newline="") as file:
        return {row["identifier"]: row for row in csv.DictReader(file, delimiter="\t")}


def build(entries: list[dict[str, Any]]) -> str:
    """The packaged document: one JSON list, one field a line."""
    listed = weights_listed()
    records = distinct([record_of(entry) for entry in entries])
    unknown = listed.keys() - {record.identifier for record in records}
    if unknown:
        sys.exit(f"{WEIGHTS.name} has rows of no record: {', '.join(sorted(unknown))}.")
    records = [
        with_weights(record, listed[record.identifier]) if record.identifier in listed else record
        for record in records
    ]
    return json.dumps([record.to_json() for record in records], ensure_ascii=False, indent=1) + "\n"


def distinct(records: list[ModelRecord]) -> list[ModelRecord]:
    """Records whose main identifier is shared by several go by their catalogue id instead."""
    shared = Counter(record.identifier.casefold() for record in records)
    own = [
        replace(record, identifier=f"catalogue:{record.provenance.source_id}")
        if shared[record.identifier.casefold()] > 1
        else record
        for record in records
    ]
    if len({record.identifier for record in own}) < len(own):
        sys.exit("Two entries of the list share an id.")
    return own


def record_of(entry: dict[str, Any]) -> ModelRecord:
    identifiers = tuple(dict.fromkeys(identifiers_of(entry)))
    licence, weights = entry["licence"], entry.get("weights_public") or {}
    open_weights = Access("open", f"Public weights: {weights.get('where')}") if weights.get("seen") else None
    return ModelRecord(
        identifier=main_identifier(identifiers, entry["id"]),
        kind=entry["kind"],
        name=entry["name"],
        description=entry["description"],
        alternate_names=tuple(entry.get("aliases", ())),
        identifiers=identifiers,
        creators=tuple(map(creator_of, entry["authors"])),
        license=licence if licence not in NOT_SPDX else None,
        license_stated=licence if licence in NOT_SPDX else None,
        keywords=tuple(entry["keywords"]),
        ml_task=parts(entry["task"]),
        model_category=parts(entry["architecture"] or ""),
        frameworks=tuple(entry["frameworks"]),
        formats=tuple(entry["artifact_formats"]),
        date_published=str(entry["published"]) if entry["published"] else None,
        relations=tuple(Relation("trained_on", target, "dataset") for target in training_data(entry)),
        notes=notes_of(entry),
        access=open_weights,
        provenance=Provenance("catalogue", entry["id"], origins=tuple(origins_of(entry))),
    )


def with_weights(record: ModelRecord, row: dict[str, str]) -> ModelRecord:
    """The record with what was seen of its weights in its repository."""
    seen = f"the repository as listed in November 2026: {row['files'] or 'no weight files'}"
    said = {
        "repository": f"Weights: in the repository ({row['files']}).",
        "elsewhere": f"Weights: {row['files']}.",
        "none": "Weights: none in the repository.",
    }
    network = (row["network"],) if row["network"] else ()
    record = replace(
        record,
        model_category=tuple(dict.fromkeys((*record.model_category, *network))),
        notes=" ".join(filter(None, (record.notes, said[row["weights"]]))),
    )
    if row["weights"] == "elsewhere":
        return record
    if row["weights"] == "none":
        record = replace(record, access=None, formats=without_weights(record))
        return with_origin(with_origin(record, "access", None), "formats", seen)
    record = replace(record, formats=tuple(part.strip() for part in row["formats"].split(",")))
    if record.access is None:
        record = with_origin(
            replace(record, access=Access("open", f"Public weights: {seen}")), "access", seen
        )
    return with_origin(record, "formats", seen)


def with_origin(record: ModelRecord, field: str, evidence: str | None) -> ModelRecord:
    """The record with this evidence for a field in the place of any other, or with none."""
    origins = tuple(item for item in record.provenance.origins if item.field != field)
    origins += (FieldOrigin(field, "inferred", evidence),) if evidence else ()
    return replace(record, provenance=replace(record.provenance, origins=origins))


def without_weights(record: ModelRecord) -> tuple[str, ...]:
    """The stated formats that are not those of weights, of which there are none."""
    return tuple(item for item in record.formats if not FORMATS_OF_WEIGHTS.search(item))


def identifiers_of(entry: dict[str, Any]) -> Iterator[Identifier]:
    """Every identifier with where it was seen; what is filed under `other` is typed by what it is."""
    for scheme, value in entry["identifiers"].items():
        evidence = entry["evidence"][scheme]
        if scheme != "other":
            yield Identifier(scheme, value.lower() if scheme in DOI_SCHEMES else value, evidence)
            continue
        for item in value:
            yield typed(item, evidence)


def typed(item: str, evidence: str) -> Identifier:
    """An item of `other`; a remark in parentheses goes to the evidence."""
    match = re.fullmatch(r"(\S+) \((.+)\)", item)
    text, seen = (match[1], f"{evidence}; remark: {match[2]}") if match else (item, evidence)
    found = parsed(text)
    scheme = "related_doi" if found.scheme == "doi" else found.scheme
    return Identifier(scheme, found.value, seen)


def parsed(text: str) -> Identifier:
    """The identifier in `text`; scheme `other` where it is none, or only looks like a bare name."""
    try:
        found = parse(text)
    except IdentifierError:
        return Identifier("other", text)
    bare_name = found.scheme == "huggingface" and found.value == text
    return Identifier("other", text) if bare_name else found


def training_data(entry: dict[str, Any]) -> Iterator[Identifier]:
    for text in entry["trained_on"]:
        found = parsed(text)
        yield Identifier(found.scheme, found.value, entry["evidence"]["trained_on"])


def main_identifier(identifiers: Iterable[Identifier], entry_id: str) -> str:
    by_scheme: dict[str, Identifier] = {}
    for identifier in identifiers:
        by_scheme.setdefault(identifier.scheme, identifier)
    return next(
        (by_scheme[scheme].compact for scheme in MAIN if scheme in by_scheme), f"catalogue:{entry_id}"
    )


def creator_of(author: dict[str, str]) -> Creator:
    if "name" in author:
        return Creator(name=author["name"], kind="organization")
    return Creator(name=f"{author['given']} {author['family']}".strip(), orcid=orcid_of(author))


def orcid_of(author: dict[str, str]) -> str | None:
    return normalise_orcid(author["orcid"]) if "orcid" in author else None


def parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))


def notes_of(entry: dict[str, Any]) -> str | None:
    truncated = "The author list is cut short by its source." if entry.get("authors_truncated") else ""
    return " ".join(filter(None, (entry.get("notes"), truncated))) or None


def origins_of(entry: dict[str, Any]) -> Iterator[FieldOrigin]:
    """How each field was come by that the catalogue does not copy from a file of the owner."""
    confidence = entry["confidence"]
    yield FieldOrigin("identifier", "stated", f"confidence {confidence}: {CONFIDENCE[confidence]}")
    yield FieldOrigin("description", "inferred", "summary in the catalogue's own words")
    for name in entry.get("not_seen", ()):
        yield FieldOrigin(UNSEEN[name], "inferred", "general knowledge, not seen in a file that was read")
    if entry.get("authors_source"):
        paper = entry["authors_basis"] == "paper"
        basis = "authors of the paper: " if paper else f"{entry['authors_basis']}: "
        yield FieldOrigin("creators", "inferred" if paper else "stated", basis + entry["authors_source"])
    if entry["licence"]:
        name = "license_stated" if entry["licence"] in NOT_SPDX else "license"
        yield FieldOrigin(name, "stated", entry["evidence"]["licence"])
    if entry["trained_on"]:
        yield FieldOrigin("relations", "stated", entry["evidence"]["trained_on"])
    if (entry.get("weights_public") or {}).get("seen"):
        yield FieldOrigin(
            "access", "inferred", f"public weights were seen: {entry['weights_public'].get('where')}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
