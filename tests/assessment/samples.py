# SPDX-License-Identifier: MIT
"""Hand-written evidence: an almost empty one, and those with the facts of a published model and its data.

`HBB` stands for doi:10.5281/zenodo.7305227 with everything gathered. Its facts (paths, identifiers, what each
file says and lacks) are those of the published archive; every text in ``hbb_archive`` and every digest, size
and probe here was written by hand.
"""

from pathlib import Path

import msgspec

from fairreg.assessment.content.documents import role_of
from fairreg.assessment.content.grammar import passages
from fairreg.assessment.evidence import (
    DataCiteFacts,
    DatasetScore,
    Document,
    Evidence,
    FileFact,
    ModelFact,
    Probe,
)
from fairreg.assessment.priorities import with_priorities
from fairreg.assessment.report import AssessmentReport, assess
from fairreg.assessment.rubric import DATASETS
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Feature,
    ModelRecord,
    Provenance,
    Relation,
    Tensor,
)

DATASET_RUBRIC = f"{DATASETS.name} {DATASETS.version}"
WHEN = "2026-11-22T00:00:00Z"
SHA = "0" * 64
VERSION_DOI = "10.5281/zenodo.7305227"
CONCEPT_DOI = "10.5281/zenodo.7305173"
DATA_DOI = "10.7483/opendata.cms.jgjx.ms7q"
ARCHIVE = "FAIR4HEP/hbb_interaction_network-v0.1.1.zip"
TOP = "FAIR4HEP-hbb_interaction_network-7c36f46"

BARE = Evidence(
    record=ModelRecord(
        identifier="url:a", kind="model", name="A", provenance=Provenance(source="file", source_id="a")
    ),
    requested=Identifier("doi", "10.1234/asked"),
    gathered_at=WHEN,
)


def advised(evidence: Evidence) -> AssessmentReport:
    """Its report with what to do first."""
    return with_priorities(assess(evidence), evidence)


def with_record(evidence: Evidence, **fields) -> Evidence:
    """`evidence` with other fields in its record."""
    return msgspec.structs.replace(evidence, record=msgspec.structs.replace(evidence.record, **fields))


def replaced(evidence: Evidence, **fields) -> Evidence:
    """`evidence` with other fields."""
    return msgspec.structs.replace(evidence, **fields)


def unregistered(evidence: Evidence) -> Evidence:
    """`evidence` as if DataCite had been asked and had no record, where it does not say what DataCite has."""
    if evidence.datacite or evidence.probe("datacite").outcome != "not_probed":
        return evidence
    return replaced(evidence, probes=(*evidence.probes, Probe(kind="datacite", outcome="absent")))


def code_blocks(text: str) -> tuple[str, ...]:
    """Return code blocks, command lines and inline commands of a text."""
    return tuple(item.raw for item in passages(text) if item.kind == "code" and item.raw.strip())


def document(role: str, text: str, path: str | None = None) -> Document:
    return Document(role=role, path=path or role, text=text)


_CREATORS = (
    Creator(name="Duarte, Javier Mauricio", orcid="0000-0002-5076-7096"),
    Creator(name="Li, Billy", orcid="0000-0003-1642-5794"),
    Creator(name="Roy, Avik", orcid="0000-0002-0116-1012"),
    Creator(name="Zhu, Ruike", orcid="0000-0002-4265-2352"),
)
_RELATIONS = (
    Relation(
        type="is_supplement_to",
        target=Identifier("url", "https://github.com/FAIR4HEP/hbb_interaction_network/tree/v0.1.1"),
    ),
    Relation(type="is_version_of", target=Identifier("doi", CONCEPT_DOI)),
)
_RECORD = ModelRecord(
    identifier=f"doi:{VERSION_DOI}",
    kind="model",
    name="FAIR4HEP/hbb_interaction_network: v0.1.1",
    description="A FAIR AI model for identifying Higgs bosons decaying to bottom quarks.",
    provenance=Provenance(
        source="zenodo",
        source_id="7305227",
        url="https://zenodo.org/records/7305227",
        retrieved=WHEN,
        payload_sha256=SHA,
    ),
    identifiers=(Identifier("doi", VERSION_DOI), Identifier("concept_doi", CONCEPT_DOI)),
    version="v0.1.1",
    creators=_CREATORS,
    publisher="Zenodo",
    stated_type="software",
    license="MIT",
    date_published="2022-11-09",
    distributions=(
        Distribution(
            name=ARCHIVE,
            url="https://zenodo.org/api/records/7305227/files/archive.zip/content",
            size=14_000_000,
            checksums=("md5:" + "0" * 32,),
        ),
    ),
    relations=_RELATIONS,
    access=Access(level="open"),
)
_DATACITE = DataCiteFacts(
    record=msgspec.structs.replace(
        _RECORD,
        distributions=(),
        access=None,
        provenance=Provenance(
            source="datacite", source_id=VERSION_DOI, url=f"https://api.datacite.org/dois/{VERSION_DOI}"
        ),
    ),
    state="findable",
    types=("Software", "SoftwareSourceCode"),
    url="https://zenodo.org/record/7305227",
)
_PROBES = (
    Probe(kind="datacite", outcome="ok", status=200, when=WHEN),
    Probe(kind="doi_resolves", outcome="ok", status=200, url=f"https://doi.org/{VERSION_DOI}", when=WHEN),
    Probe(kind="landing_page", outcome="ok", status=200, found=("schema.org", "signposting"), when=WHEN),
    Probe(kind="content_negotiation", outcome="ok", status=200, when=WHEN),
    Probe(kind="source_api", outcome="ok", status=200, found=("oai-pmh",), when=WHEN),
    Probe(kind="file_range", outcome="ok", status=206, found=("zip",), when=WHEN),
    Probe(kind="registry_listing", outcome="ok", found=("dormant",), detail="DLHub servable", when=WHEN),
    Probe(kind="self_retrieval", outcome="ok", rank=1, when=WHEN),
)


def _inside(path: str, file_format: str = "text") -> FileFact:
    return FileFact(path=f"{TOP}/{path}", size=1000, sha256=SHA, format=file_format, archive=ARCHIVE)


_TEXTS = Path(__file__).with_name("hbb_archive")
_PATHS = sorted(path.relative_to(_TEXTS).as_posix() for path in _TEXTS.rglob("*") if path.is_file())
_DOCUMENTS = tuple(
    Document(role=role, path=f"{TOP}/{path}", text=(_TEXTS / path).read_text("utf-8"), sha256=SHA)
    for path in _PATHS
    if (role := role_of(path))
)
_WEIGHTS = "models/trained_models"
_FILES = (
    FileFact(path=ARCHIVE, size=14_000_000, sha256=SHA, format="zip", verified="md5"),
    *(_inside(path) for path in _PATHS),
    *(_inside(f"src/models/{name}.py") for name in ("models", "train_model", "predict_model")),
    *(_inside(f"{folder}/.gitkeep") for folder in ("references", "reports")),
    _inside("src/data/make_dataset.py"),
    _inside(f"{_WEIGHTS}/gnn_baseline_best.pth", "legacy_torch"),
    _inside(f"{_WEIGHTS}/random_gnn_new_best.pth", "legacy_torch"),
    _inside(f"{_WEIGHTS}/onnx_model/5_10_gnn_128.onnx", "onnx"),
    _inside(f"{_WEIGHTS}/tensorrt_models/5_10_gnn.plan", "tensorrt_plan"),
)
_MODELS = (
    ModelFact(
        file=f"{TOP}/models/trained_models/onnx_model/5_10_gnn_128.onnx",
        fingerprint=f"sha256:{SHA}",
        parameter_count=25_554,
        inputs=(
            Tensor(name="input_cpf", dtype="float32", shape=("batch", 30, 60)),
            Tensor(name="input_sv", dtype="float32", shape=("batch", 14, 5)),
        ),
        outputs=(Tensor(name="output", dtype="float32", shape=("batch", 2)),),
        ran=True,
        runtimes=("onnx", "torch"),
    ),
)
DATASET = Evidence(
    record=ModelRecord(
        identifier=f"doi:{DATA_DOI}",
        kind="dataset",
        name="Sample for Hbb tagging",
        description="Jets of simulated collisions.",
        provenance=Provenance(
            source="cernopendata",
            source_id="12102",
            url="https://opendata.cern.ch/record/12102",
            retrieved=WHEN,
            payload_sha256=SHA,
        ),
        identifiers=(Identifier("doi", DATA_DOI), Identifier("cernopendata", "12102")),
        creators=(Creator(name="Duarte, Javier", orcid="0000-0002-5076-7096"),),
        publisher="CERN Open Data Portal",
        stated_type="Dataset",
        license="CC0-1.0",
        keywords=("datascience",),
        formats=("root", "h5"),
        date_published="2019",
        distributions=(Distribution(name="a.root", url="https://opendata.cern.ch/a.root", size=9),),
        relations=(
            Relation(type="is_derived_from", target=Identifier("cernopendata", "12000")),
            Relation(type="is_compiled_by", target=Identifier("cernopendata", "12103")),
        ),
        outputs=(
            Tensor(name="entries", dtype="mixed", features=(Feature(name="npv", description="Vertices"),)),
        ),
    ),
    requested=Identifier("doi", DATA_DOI),
    gathered_at=WHEN,
    datacite=DataCiteFacts(
        record=ModelRecord(
            identifier=f"doi:{DATA_DOI}",
            kind="dataset",
            name="Sample for Hbb tagging",
            provenance=Provenance(source="datacite", source_id=DATA_DOI),
            identifiers=(Identifier("doi", DATA_DOI),),
        ),
        state="findable",
        url="https://opendata.cern.ch/record/12102",
    ),
    probes=(
        Probe(kind="datacite", outcome="ok", status=200, when=WHEN),
        Probe(kind="doi_resolves", outcome="ok", status=200, when=WHEN),
        Probe(kind="landing_page", outcome="ok", status=200, found=("schema.org",), when=WHEN),
        Probe(kind="content_negotiation", outcome="ok", status=200, when=WHEN),
        Probe(kind="file_range", outcome="ok", status=206, found=("unknown",), when=WHEN),
    ),
)
HBB = Evidence(
    record=_RECORD,
    requested=Identifier("doi", VERSION_DOI),
    gathered_at=WHEN,
    datacite=_DATACITE,
    probes=_PROBES,
    files=_FILES,
    documents=_DOCUMENTS,
    models=_MODELS,
    datasets=(
        DatasetScore(identifier=Identifier("doi", DATA_DOI), score=0.91, rubric=DATASET_RUBRIC, when=WHEN),
    ),
    downloaded=True,
)
