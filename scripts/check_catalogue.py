# SPDX-License-Identifier: MIT
"""Check that every fact of the packaged catalogue can be checked by a reader, and that no entry is doubled.

    python scripts/check_catalogue.py [RECORDS.json]...

Evidence is one public address or one citation (`Author, "title", where and when`), with a remark in
parentheses behind it where the place is not plain: https://arxiv.org/abs/2212.05081 (reference 61). An
address is of a service in `PUBLIC`; a mirror, or an index that only its owner can ask, is not. A file on
GitHub is named at a commit, because files change. Identifiers need evidence, other fields may have it. DOIs
have the prefix of the service that minted them and no place left open, ORCIDs their checksum; no two
entries share an identifier, a name or a DOI. Every model of others has one row in catalogue_weights.tsv.
Prints each fault; exits with 1 where there is one, with 2 for a file that is not a list of records.
"""

import argparse
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from fairreg.schemas.identifiers import DOI_SCHEMES, OWN_DOIS, Identifier, normalise_doi, normalise_orcid
from fairreg.schemas.record import ModelRecord

CATALOGUE = Path(__file__).parents[1] / "src" / "fairreg" / "registry" / "catalogue"
WEIGHTS = Path(__file__).with_name("catalogue_weights.tsv")
# fairreg's own records: their evidence is in the package, beside them.
OWN = CATALOGUE / "own.json"

# Services where anybody can open what an address names; no mirrors, no quality-assurance servers.
PUBLIC = frozenset(
    {
        "arxiv.org",
        "b2find.eudat.eu",
        "cern.ch",
        "cds.cern.ch",
        "doi.org",
        "github.com",
        "gitlab.cern.ch",
        "huggingface.co",
        "inspirehep.net",
        "opendata.cern.ch",
        "pypi.org",
        "raw.githubusercontent.com",
        "repository.cern",
        "zenodo.org",
    }
)
REMARK = re.compile(r" \(([^()]{1,80})\)\Z")
CITATION = re.compile(r'[A-Z][^"\n]{2,80}, "[^"\n]{10,200}", [^"\n]{0,120}\b(?:19|20)\d\d\b[^"\n]{0,40}')
# A repository, or a file or folder of it at a commit, or something with a number of its own.
ON_GITHUB = re.compile(
    r"/[\w.-]+/[\w.-]+(?:/(?:blob|tree)/[0-9a-f]{40}/\S+|/(?:pull|issues|discussions)/\d+|/releases/tag/\S+)?/?"
)
# Words of notes that its makers write for each other.
INTERNAL = re.compile(
    r"not_seen|weights_public|\bstored (?:github|copy|copies|readme|page)|\bindex gives\b|\bfile id \d"
    r"|founding (?:document|paper)|\bseed (?:paper|\d{3})|general knowledge|at the cited commit"
    r"|confidence (?:high|medium)|(?:^|[\s,;])(?-i:L)\d{2,}\b|(?:^|[\s(])/[a-z]+/\w|(?:was|were) not seen",
    re.IGNORECASE,
)
# Suffix of the DOIs of one service -> the prefix that is its own.
REGISTRANTS = {"zenodo.": "10.5281", "opendata.": "10.7483", "arxiv.": "10.48550", "hf/": "10.57967"}
# Remarks behind an address that send the reader elsewhere.
ELSEWHERE = re.compile(r"mirror|\bindex\b|://|\bcopy of\b", re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("records", type=Path, nargs="*", help="other documents (default: the packaged ones)")
    options = parser.parse_args(arguments)
    files = options.records or [CATALOGUE / "records.json", OWN]
    try:
        documents = {file: read(file) for file in files}
    except (OSError, msgspec.MsgspecError) as error:
        print(f"Not a catalogue: {error}", file=sys.stderr)
        return 2
    found = list(faults_of(documents))
    if not options.records:
        found += weights_faults([record for records in documents.values() for record in records])
    print("\n".join(found) if found else f"{sum(map(len, documents.values()))} records, no fault")
    return int(bool(found))


def read(file: Path) -> tuple[ModelRecord, ...]:
    """The records of a document; msgspec's error where it is not a list of them."""
    return msgspec.json.decode(file.read_bytes(), type=tuple[ModelRecord, ...])


def faults_of(documents: dict[Path, tuple[ModelRecord, ...]]) -> Iterator[str]:
    """Yield a line per fault of the documents, and of what they double among them."""
    for file, records in documents.items():
        for record in records:
            faults = (*identifier_faults(record), *creator_faults(record))
            if file != OWN:
                faults += (*evidence_faults(record), *wording_faults(record))
            yield from (f"{record.name}: {fault}" for fault in faults)
    yield from doubles([record for records in documents.values() for record in records])


def evidence_faults(record: ModelRecord) -> Iterator[str]:
    """Yield the identifiers without evidence, and all evidence that a reader cannot open."""
    for identifier in (*record.identifiers, *(relation.target for relation in record.relations)):
        place = f"{identifier.scheme} {identifier.value}"
        fault = unopenable(identifier.evidence) if identifier.evidence else "no evidence"
        if fault:
            yield f"{place}: {fault}"
    for origin in record.provenance.origins:
        fault = unopenable(origin.evidence) if origin.evidence is not None else None
        if fault:
            yield f"{origin.field}: {fault}"


def unopenable(evidence: str) -> str | None:
    """Why no reader can open this evidence; None for a public address or a citation."""
    source = REMARK.sub("", evidence)
    if ELSEWHERE.search(evidence[len(source) :]):
        return f"the remark sends the reader to a mirror or an index: {evidence}"
    if source.startswith("https://"):
        fault = address_fault(source)
    else:
        fault = None if CITATION.fullmatch(source) else "neither an address nor a citation"
    return f"{fault}: {evidence}" if fault else None


def address_fault(address: str) -> str | None:
    """Why nobody can check a fact at this address, or not for long."""
    parts = urlsplit(address)
    if re.search(r"\s", address) or not parts.path.strip("/"):
        return "not the address of a page"
    if parts.netloc not in PUBLIC:
        return f"{parts.netloc} is not among the public services that this script lists"
    if parts.netloc == "github.com" and not ON_GITHUB.fullmatch(parts.path):
        return "a file on GitHub is named at a commit, not on a branch"
    if parts.netloc == "doi.org" and normalise_doi(address) is None:
        return "no DOI behind doi.org"
    return None


def wording_faults(record: ModelRecord) -> Iterator[str]:
    """Yield the texts that hold a note of the catalogue's makers."""
    for text in texts(record.to_json()):
        if not text.startswith("https://") and INTERNAL.search(text):
            yield f"an internal note: {text}"


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def identifier_faults(record: ModelRecord) -> Iterator[str]:
    """Yield DOIs that are damaged, and what a record says twice."""
    targets = tuple(relation.target for relation in record.relations)
    for identifier in (*record.identifiers, *targets):
        if identifier.scheme in DOI_SCHEMES and (fault := doi_fault(identifier)):
            yield fault
    for key, times in Counter((item.scheme, item.value) for item in record.identifiers).items():
        if times > 1:
            yield f"{' '.join(key)} stands there {times} times"


def doi_fault(identifier: Identifier) -> str | None:
    """What is wrong with a DOI: a place left open, another spelling, or another service's prefix."""
    if normalise_doi(identifier.value) != identifier.value:
        return f"not a DOI in its normal form: {identifier.value}"
    prefix, _, suffix = identifier.value.partition("/")
    for beginning, registrant in REGISTRANTS.items():
        if suffix.startswith(beginning) != (prefix == registrant):
            return f"prefix and suffix are of different services: {identifier.value}"
    return None


def creator_faults(record: ModelRecord) -> Iterator[str]:
    for creator in record.creators:
        if creator.orcid is not None and normalise_orcid(creator.orcid) != creator.orcid:
            yield f"the ORCID of {creator.name} fails its checksum: {creator.orcid}"


def doubles(records: Sequence[ModelRecord]) -> Iterator[str]:
    """Yield what two entries share: an identifier, an id in the catalogue, a name or a DOI of their own."""
    keys = Counter(
        key
        for record in records
        for key in {
            f"identifier {record.identifier.casefold()}",
            f"id {record.provenance.source_id}",
            f"name {record.name.casefold()}",
            *(f"DOI {item.value}" for item in record.identifiers if item.scheme in OWN_DOIS),
        }
    )
    yield from (f"{times} entries have the {key}" for key, times in keys.items() if times > 1)


def weights_faults(records: Sequence[ModelRecord]) -> Iterator[str]:
    """Yield rows of catalogue_weights.tsv without a model, models without a row, and formats that differ."""
    with WEIGHTS.open(encoding="utf-8", newline="") as file:
        rows = {row["identifier"]: row for row in csv.DictReader(file, delimiter="\t")}
    models = {item.identifier: item for item in records if item.kind == "model"}
    others = {name for name, item in models.items() if not item.provenance.source_id.startswith("fairreg-")}
    for name in sorted(rows.keys() ^ others):
        yield f"{WEIGHTS.name}: {name} has {'no model' if name in rows else 'no row'}"
    for name in sorted(rows.keys() & others):
        stated = tuple(part.strip() for part in rows[name]["formats"].split(",") if part.strip())
        if rows[name]["weights"] == "repository" and stated != models[name].formats:
            yield f"{WEIGHTS.name}: {name} has other formats than its record"


if __name__ == "__main__":
    raise SystemExit(main())
