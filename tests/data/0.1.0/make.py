# SPDX-License-Identifier: MIT
"""Make the registry and the export that this folder keeps, with fairreg 0.1.0 and no other release.

    git worktree add /tmp/fairreg-0.1.0 <the commit that is 0.1.0>
    PYTHONPATH=/tmp/fairreg-0.1.0/src python tests/data/0.1.0/make.py tests/data/0.1.0

The modules that it imports are those of 0.1.0, so no later release runs it; do not rename them. Every payload
was written by hand in the shape that its service documents; people, numbers and digests are made up.
"""

import json
import lzma
import sys
import tempfile
from pathlib import Path
from typing import Any

from fairreg.registry.database import Database
from msgspec.structs import replace

from fairreg import harvesters
from fairreg.registry import (
    Assessment,
    Carried,
    Harvest,
    Place,
    Refused,
    Registry,
    Submission,
    Tombstone,
    Verdict,
)
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, FieldOrigin, ModelRecord, Provenance
from fairreg.services import assess, db, records
from fairreg.settings import Settings

THEN = "2026-11-20T10:00:00+00:00"
GONE = "2026-11-21T10:00:00+00:00"
DOIS = [f"10.5281/zenodo.{number}" for number in (7000001, 7000002)]
CONCEPT = "10.5281/zenodo.7000000"
# Asked of the registry; what 0.1.0 answers is kept in `expected.json`.
QUERIES = (
    "",
    "jet flavour tagger",
    "H→bb",
    "Müller",
    "interacton netwrk",
    "graph",
    "données collision",
    "SVC",
    "10.5281/zenodo.7000000",
    "lab/flavour-tagger",
    "nothing at all",
)
FILTERS: dict[str, Any] = {
    "source": "github",
    "task": "jet tagging",
    "framework": "pytorch",
    "license": "MIT",
    "kind": "dataset",
    "runnable": True,
    "gone": True,
    "min_fair": 0.1,
}


def zenodo(number: int, version: str, date: str, files: list[str]) -> dict[str, Any]:
    """A version of the flavour tagger, in the legacy shape."""
    doi = f"10.5281/zenodo.{number}"
    return {
        "id": number,
        "recid": str(number),
        "conceptrecid": "7000000",
        "doi": doi,
        "conceptdoi": CONCEPT,
        "created": f"{date}T10:00:00.000000+00:00",
        "modified": f"{date}T11:00:00.000000+00:00",
        "metadata": {
            "title": "Jet flavour tagger: a graph network for H→bb",
            "doi": doi,
            "publication_date": date,
            "version": version,
            "access_right": "open",
            "language": "eng",
            "description": "<p>Tells <b>b jets</b> from light ones.</p><p>p &lt; 0.05</p>",
            "creators": [
                {"name": "Müller, Anna", "affiliation": "A University", "orcid": "0000-0002-1825-0097"},
                {"name": "Roe, Rick", "affiliation": None},
            ],
            "keywords": ["jet tagging, PyTorch, trained model"],
            "license": {"id": "mit-license"},
            "resource_type": {"title": "Model", "type": "model"},
            "related_identifiers": [
                {
                    "identifier": "https://github.com/lab/flavour-tagger/tree/v1",
                    "relation": "isSupplementTo",
                    "scheme": "url",
                },
                {"identifier": "10.7483/OPENDATA.MADE.UP01", "relation": "isDerivedFrom", "scheme": "doi"},
            ],
            "relations": {"version": [{"index": 1, "is_last": True, "parent": {"pid_value": "7000000"}}]},
        },
        "links": {"self_html": f"https://zenodo.org/records/{number}"},
        "files": [
            {
                "id": f"f{at}",
                "key": name,
                "size": 1000 + at,
                "checksum": f"md5:{number + at:032x}",
                "links": {"self": f"https://zenodo.org/api/records/{number}/files/{name}/content"},
            }
            for at, name in enumerate(files)
        ],
        "swh": {"swhid": f"swh:1:dir:{number:040x}"},
    }


DATACITE = {
    "data": {
        "id": DOIS[1],
        "type": "dois",
        "attributes": {
            "doi": DOIS[1],
            "titles": [{"title": "Jet flavour tagger"}],
            "publisher": "Zenodo",
            "publicationYear": 2025,
            "creators": [{"name": "Müller, Anna", "nameIdentifiers": [], "affiliation": []}],
            "subjects": [{"subject": "bottom quarks"}],
            "dates": [{"date": "2025-03-02", "dateType": "Issued"}],
            "types": {"resourceTypeGeneral": "Model"},
            "state": "findable",
            "version": "2.0",
            "relatedIdentifiers": [
                {"relationType": "IsVersionOf", "relatedIdentifier": CONCEPT, "relatedIdentifierType": "DOI"}
            ],
            "rightsList": [
                {"rights": "MIT License", "rightsIdentifier": "mit", "rightsIdentifierScheme": "SPDX"}
            ],
            "descriptions": [{"description": "A registered tagger.", "descriptionType": "Abstract"}],
            "url": "https://zenodo.org/records/7000002",
        },
    }
}
GITHUB = {
    "id": 42,
    "name": "flavour-tagger",
    "full_name": "lab/flavour-tagger",
    "private": False,
    "fork": False,
    "owner": {"login": "lab", "id": 7, "type": "Organization"},
    "html_url": "https://github.com/lab/flavour-tagger",
    "description": "Code of the jet flavour tagger.",
    "default_branch": "main",
    "topics": ["jet-tagging", "pytorch"],
    "created_at": "2024-01-02T03:04:05Z",
    "updated_at": "2025-04-02T03:04:05Z",
    "pushed_at": "2025-04-01T03:04:05Z",
    "license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": None},
}


def hub(name: str, date: str) -> dict[str, Any]:
    """A model of the Hub, as its API lists it."""
    return {
        "_id": "6" * 24,
        "id": f"lab/{name}",
        "modelId": f"lab/{name}",
        "author": "lab",
        "sha": "a" * 40,
        "createdAt": f"{date}T10:00:00.000Z",
        "lastModified": f"{date}T11:00:00.000Z",
        "private": False,
        "gated": False,
        "disabled": False,
        "pipeline_tag": "tabular-classification",
        "library_name": "transformers",
        "tags": ["transformers", "pytorch", "onnx", "jets", "license:mit", "arxiv:2212.05081"],
        "siblings": [{"rfilename": "README.md", "size": 10}, {"rfilename": "model.onnx", "size": 42}],
    }


DLHUB = {
    "datacite": {
        "creators": [{"familyName": "Doe", "givenName": "Jane", "affiliations": "A lab"}],
        "descriptions": [
            {"description": "An interaction network for top jets.", "descriptionType": "Abstract"}
        ],
        "identifier": {"identifier": "10.26311/made-up1", "identifierType": "DOI"},
        "publicationYear": "2020",
        "publisher": "DLHub",
        "titles": [{"title": "Top interaction network"}],
    },
    "dlhub": {
        "name": "top_network",
        "owner": "lab",
        "shorthand_name": "lab/top_network",
        "type": "servable",
        "publication_date": "1581000000000",
        "domains": ["physics"],
    },
    "servable": {
        "type": "Keras Model",
        "methods": {"run": {"input": {"type": "ndarray", "shape": [None, 30]}}},
    },
}
CERN = {
    "id": 7007,
    "metadata": {
        "recid": "7007",
        "title": "Données: collisions à 13 TeV",
        "doi": "10.7483/OPENDATA.MADE.UP01",
        "abstract": {"description": "<p>Jets of simulated collisions.</p>"},
        "type": {"primary": "Dataset"},
        "authors": [{"name": "Doe, Jane"}],
        "date_published": "2021",
        "license": {"attribution": "CC0-1.0"},
        "files": [
            {"checksum": "adler32:F71E044F", "size": 2433, "uri": "root://eospublic.cern.ch//eos/a b/x.root"}
        ],
    },
}
OPENML = {
    "flow": {
        "id": "42",
        "uploader": "1",
        "name": "sklearn.pipeline.Pipeline(svm=sklearn.svm.SVC)",
        "version": "3",
        "custom_name": "sklearn.Pipeline(SVC)",
        "external_version": "sklearn==0.21.2",
        "description": "A pipeline",
        "creator": "Jane Doe",
        "upload_date": "2019-07-01T10:00:00",
        "licence": "BSD-3-Clause",
        "language": "English",
    }
}
CURATED = ModelRecord(
    identifier="catalogue:made-up-retired",
    kind="model",
    name="A retired model of the catalogue",
    description='Numbers, "quotes" and more: é 1e3 \\u0041 \\ / 2⁵³',
    identifiers=(
        Identifier("paper_doi", "10.1103/PhysRevD.102.012010", "its page"),
        Identifier("arxiv", "1909.12285"),
    ),
    creators=(Creator("Doe, Jane", "0000-0002-1825-0097", "A University"),),
    ml_task=("jet tagging",),
    date_published="2018-05",
    parameter_count=2**53,
    provenance=Provenance(
        "catalogue",
        "made-up-retired",
        retrieved=THEN,
        origins=(FieldOrigin("creators", "inferred", "paper"),),
    ),
)
OWN = ModelRecord(
    identifier=f"doi:{DOIS[1]}",
    kind="model",
    name="Fingerprints of the weights",
    identifiers=(
        Identifier("doi", DOIS[1]),
        Identifier("fingerprint", "sha256:" + "5" * 64, "computed from net.onnx"),
    ),
    provenance=Provenance("fairreg", f"doi:{DOIS[1]}", retrieved=THEN),
)
PAYLOADS: list[tuple[str, dict[str, Any]]] = [
    ("zenodo", zenodo(7000001, "1.0", "2024-02-01", ["net.pth"])),
    ("zenodo", zenodo(7000002, "2.0", "2025-03-01", ["net.onnx", "weights/net.pth"])),
    ("datacite", DATACITE),
    ("github", GITHUB),
    ("huggingface", hub("flavour-tagger-mirror", "2025-05-01")),
    ("huggingface", hub("calo-transformer", "2023-06-01")),
    ("dlhub", DLHUB),
    ("cernopendata", CERN),
    ("openml", OPENML),
]
VERDICTS = (
    Verdict(
        Place("huggingface", "lab/flavour-tagger-mirror"), Place("zenodo", "7000001"), same=True, made_at=THEN
    ),
    Verdict(Place("github", "42"), Place("zenodo", "7000001"), same=False, made_at=THEN),
)
REFUSED = (
    Refused(
        "zenodo",
        b'{"id": 7000009, "metadata": {"title": null}}',
        "It has no title.",
        "$.metadata.title",
        THEN,
    ),
    Refused("huggingface", b"\xff\x00 not JSON", "The payload is not JSON.", None, THEN),
)


def submission(source: str, payload: dict[str, Any]) -> Submission:
    """The record that 0.1.0 makes of a payload, with the bytes that it came in."""
    raw = json.dumps(payload, ensure_ascii=False).encode()
    record = harvesters.get(source).to_record(payload)
    record = replace(record, provenance=replace(record.provenance, retrieved=THEN))
    return Submission(record, raw, "application/json")


def fill(settings: Settings) -> None:
    """Write all of it into a registry that has the tables of 0.1.0 and not its catalogue."""
    database = Database(settings.database_url)
    db.migrate(database)
    with Registry(database) as registry:
        registry.word_anew()
        registry.link_anew()
        said = [submission(*item) for item in PAYLOADS]
        state = Harvest("zenodo", "tagger", cursor="page=2&size=25", counts={"new": 2, "taken": 2})
        registry.put_many(said[:2], harvest=state, refused=REFUSED)
        registry.put_many(said[2:], harvest=Harvest("dlhub", "", counts={"new": 1}, finished=True))
        registry.put_many([CURATED, OWN])
        registry.take_verdicts(VERDICTS)
        registry.restore([Carried(said[5], Tombstone("Withdrawn by its owner.", GONE))])
        registry.remember_assessments(assessed(said))
        registry.leave_note("a note", "kept")
        registry.settle()


def assessed(said: list[Submission]) -> list[Assessment]:
    """What 0.1.0 says of two of the records without the network, in a registry of its own."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment({"FAIRREG_HOME": home})
        db.ensure(settings, print)
        with Registry(settings=settings) as registry:
            registry.put_many(said)
        for pid in (DOIS[1], "10.7483/OPENDATA.MADE.UP01"):
            assess.assess(settings, pid, offline=True)
        with Registry(settings=settings) as registry:
            return list(registry.every_assessment())


def observed(registry: Registry) -> dict[str, Any]:
    """What a user sees of the registry."""
    return {
        "searches": {query: hits(registry.search(query, limit=None)) for query in QUERIES},
        "filters": {
            name: hits(registry.search("", limit=None, **{name: value})) for name, value in FILTERS.items()
        },
        "entries": {
            entry.identifier: {
                "record": entry.record.to_json(),
                "sources": entry.sources,
                "runnable": entry.runnable,
                "fair_score": entry.fair_score,
                "url": entry.url,
                "gone": [entry.gone_at, entry.gone_reason],
                "lineage": [member.identifier for member in registry.explain(entry).entries],
                "evidence": len(registry.explain(entry).bonds),
            }
            for entry in registry.entries()
        },
        "harvests": [
            [state.source, state.query, state.cursor, dict(state.counts), state.finished]
            for state in registry.info().harvests
        ],
    }


def hits(found: Any) -> list[Any]:
    return [
        [hit.entry.identifier, hit.sources, [one.identifier for one in hit.versions]] for hit in found.hits
    ]


def main() -> None:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment({"FAIRREG_HOME": home})
        fill(settings)
        with Registry(settings=settings) as registry:
            seen = observed(registry)
        records.export(settings, Path(home, "registry.jsonl"))
        (target / "expected.json").write_text(
            json.dumps(seen, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8"
        )
        for name in ("registry.sqlite", "registry.jsonl"):
            packed = lzma.compress(Path(home, name).read_bytes(), preset=9 | lzma.PRESET_EXTREME)
            (target / f"{name}.xz").write_bytes(packed)


if __name__ == "__main__":
    main()
