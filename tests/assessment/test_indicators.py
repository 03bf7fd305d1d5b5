# SPDX-License-Identifier: MIT
"""Each indicator on the least evidence that decides it; one row is one case."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.samples import BARE, DATASET_RUBRIC, SHA, document, replaced, unregistered, with_record
from fairreg.assessment import rubric
from fairreg.assessment.base import Verdict
from fairreg.assessment.evidence import DataCiteFacts, DatasetScore, FileFact, ModelFact, Probe, ProbeKind
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Evaluation,
    Feature,
    FieldOrigin,
    Provenance,
    Relation,
    Tensor,
)
from fairreg.schemas.text import around, shortened

PASS, PARTIAL, FAIL, UNKNOWN, NA = "pass", "partial", "fail", "unknown", "not_applicable"
INDICATORS = {item.id: item for item in rubric.indicators()}
DOI, CONCEPT = Identifier("doi", "10.1234/asked"), Identifier("concept_doi", "10.1234/concept")
HUB = Identifier("huggingface", "org/name")
REPOSITORY = Identifier("github", "org/net")
SNAPSHOT = Identifier("swhid", "swh:1:rev:" + "0" * 40)
PAPER, DATA = Identifier("doi", "10.1111/paper"), Identifier("doi", "10.2222/data")
PROSE = "word " * 60
USE, LIMIT = "The network is meant for studies of jets.", "It was not trained on data."
HASH = "0" * 40
MODEL = Distribution(name="m.onnx", url="https://x.org/m.onnx", size=9, checksums=("sha256:00",))
PACKED = Distribution(name="m.zip", url="https://x.org/m.zip", size=9, checksums=("md5:00",))
TENSOR = Tensor(name="x", dtype="float32", shape=("n", 3))
OUT = Tensor(name="y", dtype="float32", shape=("n", 2))
GRAPH = ModelFact(file="m.onnx", inputs=(TENSOR,), outputs=(OUT,))
SHAPELESS = ModelFact(
    file="m.onnx", inputs=(Tensor(name="x", dtype="float32", shape=("...",)),), outputs=(OUT,)
)


def record(**fields):
    return with_record(BARE, **fields)


def source(name, **fields):
    return record(provenance=Provenance(source=name, source_id="1"), **fields)


def newest_commit():
    """A repository without a release, whose version is inferred."""
    inferred = FieldOrigin("version", "inferred", "no release")
    seen = Provenance(source="github", source_id="1", origins=(inferred,))
    return record(provenance=seen, version=HASH, identifiers=(REPOSITORY,))


def probed(kind, outcome="ok", *, base=BARE, **fields):
    return replaced(base, probes=(*base.probes, Probe(kind=kind, outcome=outcome, **fields)))


def datacite(base=BARE, state="findable", types=(), **fields):
    facts = DataCiteFacts(record=with_record(BARE, **fields).record, state=state, types=types)
    return replaced(base, datacite=facts)


def files(*facts, base=BARE):
    return replaced(base, downloaded=True, files=facts)


def file(path, form="text", **fields):
    return FileFact(path=path, size=1, format=form, **fields)


def texts(*pairs, base=BARE, **paths):
    read = tuple(document(role, text, paths.get(role)) for role, text in pairs)
    return replaced(base, downloaded=True, documents=read)


def card(front_matter):
    text = f"---\n{front_matter}\n---\n# Tagger"
    return texts(("model_card", text), model_card="MODEL_CARD.md")


def models(*facts):
    return replaced(BARE, downloaded=True, models=facts)


def related(kind, target, target_kind=None):
    return record(relations=(Relation(type=kind, target=target, target_kind=target_kind),))


def licensed_and(relation):
    return record(license="MIT", relations=(relation,))


def data_score(score, **fields):
    return DatasetScore(**{"identifier": DATA, "score": score, "rubric": DATASET_RUBRIC} | fields)


def scored(*scores):
    sets = (Identifier("doi", f"10.2222/{number}") for number in range(len(scores)))
    found = (data_score(score, identifier=name) for name, score in zip(sets, scores, strict=True))
    return replaced(BARE, datasets=tuple(found), downloaded=True)


NOTHING = replaced(BARE, downloaded=True)  # downloaded, and there was nothing to see
CODEMETA_REFERENCE = json.dumps(
    {
        "@context": "https://w3id.org/codemeta/3.0",
        "name": "N",
        "referencePublication": {"@type": "%s", "@id": "https://doi.org/10.1111/paper"},
    }
)
NO_DOI = replaced(BARE, requested=HUB)
RESOLVES = probed("doi_resolves", status=200)
CORE = {
    "identifiers": (DOI,),
    "publisher": "P",
    "date_published": "2022",
    "stated_type": "model",
}
CARD = "---\nlicense: mit\nbase_model: org/base\narxiv: 2212.05081\n---\n# Card\n"
SIZES = '{"model_type": "bert", "hidden_size": 768, "dropout": 0.1}'
ACCOUNT = Creator(name="ada-labs", kind="organization")
CODE = "The code that trains it is at\nhttps://github.com/o/r."
INDEX = (
    "---\nmodel-index: [{name: M, results: [{dataset: {name: Jets, split: test}, "
    "metrics: [{type: auc, value: 0.99}]}]}]\n---\n# Card\n"
)
NO_ACTIVITY = '{"@graph": [{"name": "M"}, {"name": "m.onnx"}]}'
CRATE = '{"@graph": [{"@type": "CreateAction", "result": {"@id": "m.onnx"}}]}'
PROV = '{"@graph": [{"@id": "#m", "prov:wasGeneratedBy": {"@id": "#training"}}]}'
CFF = "cff-version: 1.2.0\nmessage: m\ntitle: t\nauthors: [{family-names: F}]\n"
LICENCE = "Permission is hereby granted, free of charge, to any person. The software is provided as is."
BLOCK = "# Use\n```\npython predict.py --weights m.onnx\n```\n"
GATED = Access(level="gated", conditions="Ask the authors at https://x.org/ask")

LIBRARY = ("transformers",)
AT_COMMIT = Distribution(name="m.onnx", url=f"https://raw.githubusercontent.com/o/r/{HASH}/m.onnx", size=9)


def read_code(text):
    """Bare weights with a Python file whose text was read."""
    beside = document("code", text, "m.py")
    return replaced(files(file("m.pth", "zip_torch"), file("m.py")), documents=(beside,))


def with_sha256(found, stated):
    """A model file that its host states an md5 of, beside a FAIR4ML file that states a sha256."""
    distribution = {"@type": "DataDownload", "name": "m.onnx", "contentUrl": "https://x.org/m.onnx"}
    told = {
        "@context": {"@vocab": "https://schema.org/", "fair4ml": "https://w3id.org/fair4ml#"},
        "@type": "fair4ml:MLModel",
        "name": "M",
        "distribution": distribution | {"sha256": stated},
    }
    read = document("standard", json.dumps(told), "fair4ml.jsonld")
    return replaced(files(file("m.onnx", "onnx", verified="md5", sha256=found)), documents=(read,))


CASES = [
    ("F1-1", PASS, record(identifiers=(DOI,))),
    ("F1-1", PASS, record(identifiers=(Identifier("url", "https://hdl.handle.net/1/2"),))),
    ("F1-1", PARTIAL, record(identifiers=(HUB,))),
    ("F1-1", PARTIAL, record(identifiers=(HUB, Identifier("paper_doi", "10.1111/paper")))),
    ("F1-1", FAIL, BARE),
    ("F1-2", PASS, datacite(RESOLVES)),
    ("F1-2", PASS, probed("registration_agency", found=("Crossref",), base=RESOLVES)),
    ("F1-2", PARTIAL, datacite(RESOLVES, state="registered")),
    ("F1-2", PARTIAL, probed("doi_resolves", "absent", status=410)),
    ("F1-2", PARTIAL, probed("landing_page", base=NO_DOI)),
    ("F1-2", FAIL, probed("doi_resolves", "absent", status=404)),
    ("F1-2", FAIL, probed("landing_page", "absent", base=NO_DOI)),
    ("F1-2", UNKNOWN, probed("doi_resolves", "failed")),
    ("F1-2", UNKNOWN, probed("datacite", "failed", base=RESOLVES)),
    ("F1-2", UNKNOWN, NO_DOI),
    ("F1-2", FAIL, probed("source_api", base=probed("landing_page", "absent", base=NO_DOI))),
    ("F1-2", UNKNOWN, probed("source_api", base=NO_DOI)),
    ("F1-2", UNKNOWN, replaced(datacite(), probes=probed("doi_resolves", "denied").probes)),
    ("F1-2", UNKNOWN, probed("landing_page", "denied", base=NO_DOI)),
    ("F1-3", PASS, record(identifiers=(DOI, CONCEPT))),
    ("F1-3", PASS, record(identifiers=(DOI,), version=HASH)),
    ("F1-3", PARTIAL, record(identifiers=(CONCEPT,))),
    ("F1-3", PARTIAL, record(version=HASH)),
    ("F1-3", PARTIAL, record(version="v1", distributions=(AT_COMMIT,))),
    ("F1-3", FAIL, record(version="main")),
    ("F1-3", UNKNOWN, record(identifiers=(DOI,))),
    ("F1-4", PASS, record(distributions=(MODEL,))),
    ("F1-4", PARTIAL, record(distributions=(PACKED,))),
    ("F1-4", FAIL, BARE),
    ("F1-4", UNKNOWN, source("datacite")),
    ("F1-4", UNKNOWN, record(access=GATED)),
    ("F2-1", PASS, record(creators=(Creator(name="Ada Lovelace"),), **CORE)),
    ("F2-1", PARTIAL, record(creators=(Creator(name="ada-labs"),), **CORE)),
    ("F2-1", PASS, datacite(record(creators=(ACCOUNT,), **CORE), creators=(Creator(name="Ada Lovelace"),))),
    ("F2-1", PARTIAL, datacite(record(creators=(ACCOUNT,), **CORE), creators=(ACCOUNT,))),
    ("F2-1", PARTIAL, record(creators=(Creator(name="Your name"),), **CORE)),
    ("F2-1", FAIL, BARE),
    ("F2-1", UNKNOWN, BARE),
    ("F2-2", PASS, record(description=PROSE, keywords=("a", "b", "c"))),
    ("F2-2", PASS, datacite(description=PROSE, keywords=("a", "b", "c"))),
    ("F2-2", PARTIAL, record(keywords=("a",))),
    ("F2-2", FAIL, record(description="[More Information Needed] " * 30)),
    ("F2-2", UNKNOWN, record(description=PROSE)),
    ("F2-3", PASS, record(ml_task=("t",), frameworks=("f",), model_category=("c",), intended_use="to tag")),
    ("F2-3", PARTIAL, record(ml_task=("t",), frameworks=("f",))),
    ("F2-3", PARTIAL, models(GRAPH)),
    *(
        ("F2-3", verdict, card(keys))
        for verdict, keys in (
            (PASS, "pipeline_tag: t\narchitecture: GNN\nlibrary_name: onnx\ninputs: jets\noutputs: score"),
            (PASS, "task: t\nmodel_category: GNN\nframework: torch\nintended_use: To tag jets."),
            (PARTIAL, "task: t\nmodel_category: GNN\nframework: TBD\ninputs: jets"),
            (FAIL, "task: unknown\nmodel_category: TODO\nframework: torch"),
        )
    ),
    ("F2-3", FAIL, NOTHING),
    ("F2-3", UNKNOWN, record(ml_task=("t",))),
    ("F2-4", PASS, datacite(types=("Model",))),
    ("F2-4", PARTIAL, datacite(types=("Software",))),
    ("F2-4", FAIL, probed("source_api", "absent")),
    ("F2-4", UNKNOWN, BARE),
    ("F3-1", PASS, record(identifiers=(DOI,))),
    ("F3-1", PASS, replaced(record(identifiers=(DOI, HUB)), requested=HUB)),
    ("F3-1", PARTIAL, replaced(record(identifiers=(HUB,)), requested=HUB)),
    ("F3-1", FAIL, record(identifiers=(Identifier("doi", "10.1234/other"),))),
    ("F3-1", FAIL, NO_DOI),
    ("F3-2", PASS, texts(("citation", CFF + "doi: 10.1234/asked"), base=record(identifiers=(DOI,)))),
    ("F3-2", PARTIAL, texts(("citation", CFF + "doi: 10.1234/other"), base=record(identifiers=(DOI,)))),
    ("F3-2", PARTIAL, texts(("readme", "see 10.1234/concept"), base=record(identifiers=(DOI, CONCEPT)))),
    ("F3-2", FAIL, texts(("readme", "see the paper 10.1111/paper"), base=record(identifiers=(DOI,)))),
    ("F3-2", UNKNOWN, record(identifiers=(DOI,))),
    ("F3-3", PASS, record(distributions=(MODEL,))),
    ("F3-3", PARTIAL, record(distributions=(PACKED,))),
    ("F3-3", FAIL, BARE),
    ("F3-3", UNKNOWN, source("datacite")),
    ("F4-1", PASS, datacite()),
    ("F4-1", PARTIAL, replaced(source("huggingface"), requested=HUB)),
    ("F4-1", FAIL, NO_DOI),
    ("F4-1", UNKNOWN, probed("datacite", "failed")),
    ("F4-2", PASS, probed("landing_page", found=("signposting",))),
    ("F4-2", PARTIAL, datacite(probed("landing_page"))),
    ("F4-2", PARTIAL, probed("content_negotiation", base=probed("landing_page"))),
    ("F4-2", FAIL, probed("landing_page", base=NO_DOI)),
    ("F4-2", UNKNOWN, datacite()),
    ("F4-3", PASS, source("huggingface", description="d")),
    ("F4-3", PASS, probed("registry_listing", found=("reciprocal",))),
    ("F4-3", PARTIAL, source("huggingface")),
    ("F4-3", PARTIAL, probed("registry_listing", found=("stub",))),
    ("F4-3", PARTIAL, source("dlhub", description="d")),
    ("F4-3", PASS, source("huggingface", access=GATED, keywords=("tau",), license="MIT")),
    ("F4-3", PARTIAL, source("huggingface", keywords=("tau",), license="MIT")),
    ("F4-3", FAIL, probed("registry_listing", "absent")),
    ("F4-2", UNKNOWN, probed("landing_page", "denied", base=probed("content_negotiation", "absent"))),
    ("F4-3", UNKNOWN, probed("registry_listing", "denied")),
    ("F4-3", UNKNOWN, probed("registry_listing", "absent")),
    ("F4-3", UNKNOWN, BARE),
    ("F4-4", PASS, probed("self_retrieval", rank=10)),
    ("F4-4", PARTIAL, probed("self_retrieval", rank=50)),
    ("F4-4", FAIL, probed("self_retrieval", rank=51)),
    ("F4-4", UNKNOWN, probed("self_retrieval", "failed")),
    ("A1-1", PASS, files(file("m.onnx", "onnx"))),
    ("A1-1", PASS, probed("file_range", found=("onnx",))),
    ("A1-1", PARTIAL, files(file("m.onnx", "onnx", archive="m.zip"))),
    ("A1-1", FAIL, files(file("m.txt"))),
    ("A1-1", FAIL, probed("file_range", found=("lfs_pointer",))),
    ("A1-1", UNKNOWN, probed("file_range", found=("zip",))),
    ("A1-1", UNKNOWN, probed("file_range", "failed")),
    ("A1-2", PASS, files(file("m.onnx", "onnx", verified="sha256"))),
    ("A1-2", PARTIAL, files(file("m.onnx", "onnx", verified="md5"))),
    ("A1-2", PARTIAL, files(file("m.onnx", "onnx", verified="git-blob-sha1"))),
    ("A1-2", PARTIAL, files(file("m.onnx", "onnx", verified="adler32"))),
    ("A1-2", PASS, with_sha256("ab" * 32, "ab" * 32)),
    ("A1-2", FAIL, with_sha256("ab" * 32, "cd" * 32)),
    ("A1-2", FAIL, files(file("m.onnx", "onnx", verified="mismatch"))),
    ("A1-2", FAIL, record(distributions=(Distribution(name="m.onnx"),))),
    ("A1-2", UNKNOWN, record(distributions=(MODEL,))),
    ("A1-3", PASS, record(access=Access(level="open"))),
    ("A1-3", PASS, datacite(access=Access(level="open"))),
    ("A1-3", PARTIAL, record(description="The weights are publicly available.")),
    ("A1-3", FAIL, NOTHING),
    ("A1-3", UNKNOWN, BARE),
    ("A1.1-1", PASS, record(distributions=(MODEL,))),
    ("A1.1-1", PARTIAL, record(distributions=(Distribution(name="m", url="root://x.org//m"),))),
    ("A1.1-1", FAIL, record(distributions=(Distribution(name="m", url="acme://m"),))),
    ("A1.1-1", UNKNOWN, BARE),
    ("A1.1-1", UNKNOWN, record(distributions=(Distribution(name="m", url="http://["),))),
    ("A1.1-2", PASS, probed("file_range")),
    ("A1.1-2", PASS, replaced(record(access=Access(level="open")), downloaded=True)),
    ("A1.1-2", PARTIAL, probed("file_range", "denied")),
    ("A1.1-2", FAIL, record(access=Access(level="restricted", conditions="after payment of a fee"))),
    ("A1.1-2", UNKNOWN, BARE),
    ("A1.1-3", PASS, probed("source_api", found=("openapi",))),
    ("A1.1-3", PARTIAL, probed("source_api", found=("documented",))),
    ("A1.1-3", FAIL, probed("source_api", "absent", base=probed("landing_page"))),
    ("A1.1-3", UNKNOWN, probed("source_api", "absent")),
    ("A1.1-3", UNKNOWN, probed("source_api")),
    ("A1.2-1", PASS, record(distributions=(MODEL,))),
    ("A1.2-1", FAIL, record(distributions=(Distribution(name="m", url="http://x.org/m"),))),
    ("A1.2-1", UNKNOWN, BARE),
    ("A1.2-2", NA, record(access=Access(level="open"))),
    ("A1.2-2", PASS, probed("file_range", "denied", base=record(access=GATED))),
    ("A1.2-2", PARTIAL, probed("file_range", "denied")),
    ("A1.2-2", PARTIAL, probed("file_range", "absent", base=record(access=GATED))),
    ("A1.2-2", FAIL, probed("file_range", "absent", base=record(access=Access(level="closed")))),
    ("A1.2-2", UNKNOWN, record(access=GATED)),
    ("A2-1", PASS, datacite()),
    (
        "A2-1",
        PARTIAL,
        replaced(record(identifiers=(Identifier("swhid", f"swh:1:rev:{HASH}"),)), requested=HUB),
    ),
    ("A2-1", FAIL, NO_DOI),
    ("A2-1", UNKNOWN, probed("datacite", "failed")),
    ("A2-2", PASS, source("zenodo")),
    ("A2-2", PARTIAL, source("huggingface", identifiers=(DOI,))),
    ("A2-2", PARTIAL, source("cernopendata")),
    ("A2-2", FAIL, source("huggingface")),
    ("A2-2", UNKNOWN, BARE),
    ("I1-1", PASS, files(file("m.onnx", "onnx"))),
    (
        "I1-1",
        PASS,
        files(file("m.st", "safetensors"), base=record(model_category=("bert",), frameworks=LIBRARY)),
    ),
    ("I1-1", FAIL, files(file("m.st", "safetensors"), base=record(model_category=("jetnet",)))),
    ("I1-1", FAIL, read_code("import torch\nprint(torch.load('m.pth').keys())")),
    ("I1-1", PARTIAL, read_code("from torch import nn\nclass Net(nn.Module): ...")),
    ("I1-1", PARTIAL, files(file("m.pth", "legacy_torch"), file("m.py"))),
    ("I1-1", FAIL, files(file("m.plan", "tensorrt_plan"), file("m.py"))),
    ("I1-1", PASS, files(file("m.json", "xgboost"))),
    ("I1-1", FAIL, files(file("m.joblib", "pickle"))),
    ("I1-1", FAIL, NOTHING),
    ("I1-1", UNKNOWN, BARE),
    ("I1-2", PASS, replaced(record(inputs=(TENSOR,), outputs=(OUT,)), models=(GRAPH,))),
    ("I1-2", PASS, replaced(record(inputs=(TENSOR,), outputs=(OUT,)), models=(SHAPELESS,))),
    ("I1-2", PARTIAL, models(GRAPH)),
    ("I1-2", PARTIAL, replaced(record(inputs=(TENSOR,), outputs=(OUT,)), downloaded=True)),
    ("I1-2", FAIL, replaced(record(inputs=(OUT,), outputs=(OUT,)), models=(GRAPH,), downloaded=True)),
    ("I1-2", FAIL, NOTHING),
    ("I1-2", UNKNOWN, BARE),
    ("I1-3", PASS, texts(("docs", "Inputs are read from HDF5 files."))),
    ("I1-3", PASS, texts(("readme", "Inputs are Parquet files."))),
    ("I1-3", PASS, texts(("readme", "Inputs are netCDF files."))),
    ("I1-3", PARTIAL, texts(("requirements", "h5py"))),
    ("I1-3", FAIL, NOTHING),
    ("I1-3", UNKNOWN, BARE),
    ("I1-4", PASS, models(ModelFact(file="m.onnx", ran=True, runtimes=("onnx", "torch")))),
    ("I1-4", PARTIAL, models(ModelFact(file="m.onnx", ran=True, runtimes=("onnx",)))),
    ("I1-4", FAIL, models(ModelFact(file="m.onnx", ran=False))),
    ("I1-4", UNKNOWN, models(GRAPH)),
    ("I1-4", FAIL, files(file("m.pth", "zip_torch"))),
    ("I1-4", FAIL, files(file("m.pkl", "pickle"), file("use.txt"))),
    ("I1-4", FAIL, NOTHING),
    ("I1-4", UNKNOWN, files(file("m.pth", "zip_torch"), file("net.py"))),
    ("I1-4", UNKNOWN, files(file("m.txt", "lightgbm"))),
    ("I2-1", PASS, related("trained_on", DATA)),
    ("I2-1", PASS, related("references", DATA, "Dataset")),
    ("I2-1", PARTIAL, related("trained_on", Identifier("huggingface", "datasets/imdb"))),
    ("I2-1", PARTIAL, texts(("makefile", "DOI = 10.2222/data\n\ndownload_data:\n"))),
    ("I2-1", PARTIAL, related("is_derived_from", DATA)),
    ("I2-1", FAIL, texts(("readme", "The paper is 10.1111/paper."))),
    ("I2-1", UNKNOWN, BARE),
    ("I2-2", PASS, replaced(NOTHING, datasets=(data_score(0.75),))),
    ("I2-2", PARTIAL, replaced(NOTHING, datasets=(data_score(0.99, failed=("R1.1",)),))),
    ("I2-2", PARTIAL, replaced(NOTHING, datasets=(data_score(0.5),))),
    ("I2-2", FAIL, replaced(NOTHING, datasets=(data_score(0.49),))),
    ("I2-2", FAIL, NOTHING),
    ("I2-2", UNKNOWN, related("trained_on", DATA)),
    ("I2-2", UNKNOWN, scored(None)),
    ("I2-2", UNKNOWN, replaced(NOTHING, datasets=(data_score(0.76, coverage=0.9),))),
    ("I2-2", PASS, replaced(NOTHING, datasets=(data_score(0.9, coverage=0.9),))),
    ("I2-2", UNKNOWN, replaced(NOTHING, datasets=(data_score(0.99, rubric="fair-datasets 0.9"),))),
    ("I2-2", UNKNOWN, scored(1.0, None)),
    ("I2-2", UNKNOWN, replaced(scored(1.0), record=related("trained_on", DATA).record)),
    ("I2-2", UNKNOWN, scored(1.0)),
    ("I2-2", UNKNOWN, scored(1.0, 1.0, 1.0, 1.0, None)),
    ("I2-2", FAIL, scored(0.1, 0.2, 0.0, None)),
    ("I2-2", PARTIAL, scored(0.9, 0.3)),
    ("I2-3", PASS, record(identifiers=(Identifier("arxiv", "2212.05081"),))),
    ("I2-3", PASS, related("cites", PAPER)),
    ("I2-3", FAIL, replaced(related("cites", DATA, "Dataset"), downloaded=True)),
    (
        "I2-3",
        FAIL,
        replaced(related("cites", DATA), downloaded=True, datasets=(DatasetScore(identifier=DATA),)),
    ),
    ("I2-3", FAIL, texts(("citation", CFF + "preferred-citation: {type: data, doi: 10.2222/data}"))),
    *(
        ("I2-3", FAIL, texts(("citation", CFF + f"preferred-citation: {{type: {kind}, doi: 10.2222/data}}")))
        for kind in ("dataset", "database", "video", "software-code")
    ),
    *(
        ("I2-3", PASS, texts(("citation", CFF + f"preferred-citation: {{type: {kind}, doi: 10.1111/paper}}")))
        for kind in ("article", "conference-paper", "generic")
    ),
    ("I2-3", FAIL, texts(("codemeta", CODEMETA_REFERENCE % "Dataset"))),
    ("I2-3", PASS, texts(("codemeta", CODEMETA_REFERENCE % "ScholarlyArticle"))),
    ("I2-3", PASS, related("is_referenced_by", PAPER, "publication-article")),
    ("I2-3", PASS, related("is_part_of", PAPER, "publication-article")),
    ("I2-3", PASS, related("related_to", PAPER, "JournalArticle")),
    ("I2-3", FAIL, replaced(related("is_part_of", PAPER, "Collection"), downloaded=True)),
    ("I2-3", FAIL, replaced(related("related_to", PAPER), downloaded=True)),
    ("I2-3", PASS, texts(("citation", CFF + "preferred-citation: {doi: 10.1111/paper}"))),
    ("I2-3", PARTIAL, texts(("readme", "See our paper, arXiv:2212.05081."))),
    ("I2-3", FAIL, NOTHING),
    ("I2-3", UNKNOWN, BARE),
    ("I2-4", PASS, related("is_supplement_to", Identifier("url", "https://github.com/o/r/tree/v1"))),
    ("I2-4", PASS, texts(("citation", CFF + "commit: 7c36f46"))),
    ("I2-4", PASS, texts(("hyperparameters", f"code: {{commit: {HASH}}}"))),
    ("I2-4", PASS, source("github", version="v1.0", identifiers=(REPOSITORY,))),
    ("I2-4", PARTIAL, newest_commit()),
    ("I2-4", PARTIAL, record(identifiers=(Identifier("github", "o/r"),))),
    ("I2-4", PARTIAL, texts(("citation", CFF + "repository-code: https://github.com/o/r"))),
    ("I2-4", PARTIAL, texts(("readme", CODE))),
    ("I2-4", FAIL, texts(("readme", "Thanks go to https://github.com/pytorch/pytorch."))),
    ("I2-4", FAIL, NOTHING),
    ("I2-4", UNKNOWN, BARE),
    ("R1-1", PASS, record(distributions=(MODEL,), parameter_count=7)),
    ("R1-1", PARTIAL, record(distributions=(PACKED,))),
    ("R1-1", FAIL, BARE),
    ("R1-1", UNKNOWN, source("datacite")),
    ("R1-1", UNKNOWN, record(access=GATED)),
    ("R1-1", PASS, files(file("m.onnx", "onnx"), base=record(distributions=(MODEL,)))),
    ("R1-1", PARTIAL, files(file("m.pth", "zip_torch"), base=record(distributions=(MODEL,)))),
    ("R1-2", PASS, record(evaluations=(Evaluation(metric="auc", value="1", dataset="d", split="test"),))),
    ("R1-2", PARTIAL, record(evaluations=(Evaluation(metric="auc", value="1"),))),
    ("R1-2", PARTIAL, texts(("readme", "The accuracy is 97.2 %."))),
    ("R1-2", PASS, texts(("model_card", INDEX), model_card="MODEL_CARD.md")),
    ("R1-2", PARTIAL, texts(("model_card", INDEX.replace(", split: test", "")), model_card="MODEL_CARD.md")),
    ("R1-2", FAIL, texts(("model_card", INDEX.replace("0.99", ".nan")), model_card="MODEL_CARD.md")),
    ("R1-2", FAIL, NOTHING),
    ("R1-2", UNKNOWN, BARE),
    ("R1-3", PASS, record(intended_use=PROSE, limitations=PROSE)),
    ("R1-3", PASS, texts(("readme", f"---\nintended_use: {PROSE}\nlimitations: {PROSE}\n---\n"))),
    ("R1-3", PARTIAL, texts(("readme", f"# Intended use\n{USE} {PROSE}\n# Limitations\n{LIMIT} {PROSE}"))),
    ("R1-3", PARTIAL, record(intended_use=PROSE)),
    ("R1-3", FAIL, texts(("readme", "# Intended use\n" + "[More Information Needed] " * 40))),
    ("R1-3", UNKNOWN, BARE),
    ("R1-4", PASS, texts(("readme", BLOCK), base=files(file("a/predict.py"), file("a/m.onnx", "onnx")))),
    ("R1-4", PARTIAL, texts(("readme", BLOCK), base=files(file("a/predict.py")))),
    ("R1-4", PARTIAL, texts(("readme", "# Use\n```\npip install it\nit --help\n```\n"))),
    ("R1-4", FAIL, texts(("readme", "# Use\n```\npip install it\n```\n"))),
    ("R1-4", FAIL, NOTHING),
    ("R1-4", UNKNOWN, BARE),
    ("R1.1-1", PASS, record(license="MIT")),
    ("R1.1-1", PASS, datacite(license="MIT")),
    ("R1.1-1", PARTIAL, record(license_stated="ask us")),
    ("R1.1-1", PARTIAL, record(license_stated="MIT; Non-commercial use only")),
    ("R1.1-1", PARTIAL, datacite(record(license_stated="MIT; Non-commercial use only"), license="MIT")),
    ("R1.1-1", PASS, datacite(record(license_stated="Other (Open)"), license="MIT")),
    ("R1.1-1", FAIL, BARE),
    ("R1.1-1", UNKNOWN, BARE),
    ("R1.1-2", PASS, texts(("license", LICENCE), base=record(license="MIT"))),
    ("R1.1-2", PARTIAL, texts(base=record(license="MIT"))),
    ("R1.1-2", PASS, texts(("readme", CARD), base=record(license="MIT"))),
    (
        "R1.1-2",
        PARTIAL,
        texts(("readme", CARD), readme="README.md", base=source("huggingface", license="MIT")),
    ),
    ("R1.1-2", FAIL, texts(("license", LICENCE), base=record(license="Apache-2.0"))),
    ("R1.1-2", FAIL, NOTHING),
    ("R1.1-2", UNKNOWN, record(license="MIT")),
    ("R1.1-3", PASS, texts(("readme", "---\nweights_license: mit\n---\n# Card\n"))),
    ("R1.1-3", PARTIAL, texts(("readme", "The trained weights are licensed under MIT."))),
    ("R1.1-3", PARTIAL, texts(base=record(license="MIT"))),
    ("R1.1-3", UNKNOWN, record(access=GATED)),
    (
        "R1.1-3",
        FAIL,
        texts(
            ("license", LICENCE), ("citation", CFF + "license: Apache-2.0"), base=record(license="Apache-2.0")
        ),
    ),
    (
        "R1.1-3",
        PARTIAL,
        texts(base=licensed_and(Relation(type="is_derived_from", target=DATA, target_kind="Dataset"))),
    ),
    ("R1.1-3", UNKNOWN, texts(base=licensed_and(Relation(type="fine_tuned_from", target=HUB)))),
    ("R1.1-3", FAIL, NOTHING),
    ("R1.1-3", FAIL, texts(("license", LICENCE), base=record(license="Apache-2.0"))),
    ("R1.1-3", UNKNOWN, with_record(related("fine_tuned_from", HUB, "Model"), license="MIT")),
    ("R1.1-3", UNKNOWN, record(license="MIT")),
    ("R1.2-1", PASS, texts(("model_card", "lr: 0.1\noptimizer: Adam\nepochs: 3\nseed: 4\n"))),
    ("R1.2-1", PARTIAL, texts(("hyperparameters", '{"hidden": 60, "epochs": 3}'), hyperparameters="m.json")),
    ("R1.2-1", FAIL, texts(("hyperparameters", SIZES), hyperparameters="config.json")),
    ("R1.2-1", FAIL, NOTHING),
    ("R1.2-1", UNKNOWN, BARE),
    (
        "R1.2-2",
        PASS,
        files(
            file("src/make_dataset.py"),
            base=record(inputs=(Tensor(name="x", dtype="f", features=(Feature(name="pt", unit="GeV"),)),)),
        ),
    ),
    ("R1.2-2", PARTIAL, files(file("src/make_dataset.py"))),
    ("R1.2-2", FAIL, NOTHING),
    ("R1.2-2", UNKNOWN, BARE),
    (
        "R1.2-3",
        PASS,
        texts(
            ("requirements", "torch==2.6"),
            ("hyperparameters", '{"hardware": "NVIDIA A100"}'),
            base=record(version="7c36f46", date_published="2022"),
        ),
    ),
    (
        "R1.2-3",
        PARTIAL,
        texts(
            ("requirements", "torch==2.6"),
            ("readme", "Trained on an A100."),
            base=record(version="7c36f46", date_published="2022"),
        ),
    ),
    ("R1.2-3", PARTIAL, texts(base=record(version="7c36f46", date_published="2022"))),
    ("R1.2-3", FAIL, texts(base=source("huggingface", version=HASH, date_published="2022"))),
    ("R1.2-3", PARTIAL, texts(("hyperparameters", f"commit: {HASH}"), base=record(date_published="2022"))),
    ("R1.2-3", FAIL, NOTHING),
    ("R1.2-3", UNKNOWN, BARE),
    ("R1.2-4", PASS, texts(("provenance", CRATE), provenance="ro-crate-metadata.json")),
    ("R1.2-4", PASS, texts(("provenance", PROV), provenance="prov.jsonld")),
    ("R1.2-4", FAIL, texts(("provenance", '{"@graph": []}'), provenance="ro-crate-metadata.json")),
    (
        "R1.2-4",
        FAIL,
        texts(("provenance", '{"@graph": [{"name": "M"}, {"name": "m.onnx"}]}'), provenance="prov.jsonld"),
    ),
    ("R1.2-4", FAIL, texts(("provenance", "{"), provenance="ro-crate-metadata.json")),
    ("R1.2-4", UNKNOWN, BARE),
    ("R2-1", PASS, texts(("requirements", "a==1.0\nb==2.0 # why\n"))),
    ("R2-1", PASS, texts(("requirements", "[[package]]"), requirements="uv.lock")),
    ("R2-1", PARTIAL, texts(("requirements", "a==1.0\nb\n"))),
    ("R2-1", FAIL, NOTHING),
    ("R2-1", UNKNOWN, BARE),
    ("R2-2", PASS, related("fine_tuned_from", HUB)),
    ("R2-2", PASS, texts(("model_card", CARD))),
    ("R2-2", FAIL, replaced(related("is_derived_from", DATA), downloaded=True)),
    ("R2-2", PASS, related("is_derived_from", HUB, "Model")),
    ("R2-2", PARTIAL, texts(("readme", "It was trained from scratch."))),
    *(
        (
            "R2-2",
            verdict,
            card(f"base_model: {told}"),
        )
        for verdict, told in (
            (PASS, "none"),
            (PASS, '"none"'),
            (PASS, "null"),
            (PASS, "[]"),
            (PASS, "trained from scratch"),
            (PASS, "[org/base]"),
            (FAIL, ""),
            (FAIL, "unknown"),
            (FAIL, "TBD"),
            (FAIL, "[unknown]"),
        )
    ),
    ("R2-2", FAIL, NOTHING),
    ("R2-2", UNKNOWN, BARE),
    ("R2-3", PASS, texts(("dockerfile", f"FROM a/b@sha256:{SHA}\n"))),
    ("R2-3", PARTIAL, texts(("dockerfile", "FROM a/b:1 AS one\nFROM one\n"))),
    ("R2-3", FAIL, NOTHING),
    ("R2-3", UNKNOWN, BARE),
    ("R3-1", PASS, texts(("model_card", CARD))),
    ("R3-1", PASS, texts(("standard", "flavors: {onnx: {data: m.onnx}}"), standard="MLmodel")),
    ("R3-1", FAIL, texts(("model_card", "---\nlicense: mit\ndoi: 10.1/a\ntags: [a]\n---\n# Card\n"))),
    ("R3-1", FAIL, texts(("model_card", "---\nbase_model: none\n---\n# Card\n"))),
    ("R3-1", PARTIAL, texts(("citation", CFF))),
    ("R3-1", FAIL, texts(("citation", "cff-version: 1.2.0"))),
    ("R3-1", UNKNOWN, BARE),
    ("R3-2", PASS, files(file("m.onnx", "onnx"))),
    ("R3-2", PARTIAL, files(file("m.pth", "legacy_torch"), file("m.py"))),
    ("R3-2", FAIL, files(file("m.pth", "legacy_torch"))),
    ("R3-2", PARTIAL, files(file("m.st", "safetensors"))),
    (
        "R3-2",
        PASS,
        files(file("m.st", "safetensors"), base=record(model_category=("bert",), frameworks=LIBRARY)),
    ),
    ("R3-2", PARTIAL, files(file("m.txt", "lightgbm"))),
    ("R3-2", FAIL, files(file("m.plan", "tensorrt_plan"))),
    ("R3-2", UNKNOWN, BARE),
    ("R3-3", PASS, files(file(".github/workflows/t.yml"), file("tests/x.npz", "npy"))),
    ("R3-3", PARTIAL, files(file(".github/workflows/t.yml"))),
    ("R3-3", PARTIAL, files(file("inputs.npy", "npy"), file("outputs.npy", "npy"))),
    ("R3-3", FAIL, files(file("inputs.npy", "npy"))),
    ("R3-3", FAIL, NOTHING),
    ("R3-3", UNKNOWN, BARE),
]
# What is decided was asked of DataCite, too: the requested identifier is a DOI.
CASES = [
    (number, verdict, evidence if verdict == UNKNOWN else unregistered(evidence))
    for number, verdict, evidence in CASES
]
# Decided by the record alone, which is always there.
NEVER_UNKNOWN = {"F1-1", "F3-1"}


def named(case):
    return f"{case[0]}-{case[1]}" if isinstance(case, tuple) else None


@pytest.mark.sliced(7)
@pytest.mark.parametrize(("number", "verdict", "evidence"), CASES, ids=map(named, CASES))
def test_verdict(number, verdict, evidence):
    finding = INDICATORS[number].assess(evidence)
    assert finding.verdict == verdict, finding.reason


@pytest.mark.parametrize("number", INDICATORS)
def test_every_indicator_has_a_case_of_each_verdict_that_it_can_give(number):
    seen = {verdict for name, verdict, _ in CASES if name == number}
    expected = {PASS, FAIL} | ({PARTIAL} if INDICATORS[number].rule.partial else set())
    assert expected | (set() if number in NEVER_UNKNOWN else {UNKNOWN}) <= seen


@pytest.mark.sliced(7)
@pytest.mark.parametrize(("number", "verdict", "evidence"), CASES, ids=map(named, CASES))
def test_points_are_cited_and_missing_points_have_a_remedy(number, verdict, evidence):
    finding = INDICATORS[number].assess(evidence)
    if finding.verdict in {Verdict.PASS, Verdict.PARTIAL}:
        assert finding.evidence
    assert bool(finding.remedy) == (finding.verdict in {Verdict.PARTIAL, Verdict.FAIL})


def test_an_inferred_field_is_no_structured_field():
    fields = {"ml_task": ("t",), "frameworks": ("f",), "model_category": ("c",), "inputs": (TENSOR,)}
    origins = tuple(FieldOrigin(field=name, origin="inferred") for name in fields)
    evidence = record(provenance=Provenance(source="x", source_id="1", origins=origins), **fields)
    finding = INDICATORS["F2-3"].assess(evidence)
    assert finding.verdict == PARTIAL
    assert {item.origin for item in finding.evidence} == {"inferred"}


@pytest.mark.parametrize(
    "number", ["F1-2", "F4-1", "F4-2", "F4-3", "F4-4", "A1-1", "A1.1-2", "A1.1-3", "A2-1"]
)
def test_a_network_failure_is_never_a_fail(number):
    probes = tuple(Probe(kind=kind, outcome="failed", detail="timed out") for kind in get_args(ProbeKind))
    finding = INDICATORS[number].assess(replaced(BARE, probes=probes))
    assert finding.verdict == UNKNOWN
    assert "timed out" in finding.reason


@pytest.mark.parametrize(
    ("file_format", "said"),
    [
        ("safetensors", "safetensors holds weights but no graph; the code of the network is needed too"),
        ("tensorrt_plan", "tensorrt_plan holds a network compiled for one kind of device"),
        ("pickle", "pickle holds objects of Python"),
    ],
)
def test_a_format_that_nobody_can_exchange_says_what_it_lacks(file_format, said):
    file = FileFact(path=f"model.{file_format}", size=1, format=file_format)
    finding = INDICATORS["I1-1"].assess(replaced(BARE, downloaded=True, files=(file,)))
    assert finding.verdict == "fail"
    assert finding.reason.startswith(said)


def test_a_list_of_settings_or_fields_is_no_list_of_features():
    listed = "# Tagger\n## Inputs\n- task: tagging\n- architecture: GNN\n- framework: torch\n- input: jets\n"
    finding = INDICATORS["R1.2-2"].assess(texts(("readme", listed)))
    assert finding.verdict == "fail"
    features = (
        "# Tagger\n## Inputs\n- pt: momentum\n- eta: pseudorapidity\n- phi: angle\n- mass: of the jet\n"
    )
    assert INDICATORS["R1.2-2"].assess(texts(("readme", features))).verdict == "partial"


def test_what_is_quoted_begins_and_ends_with_whole_words():
    prose = "# T\n## Training\nIn the end the network was finally trained with Adam for many long epochs.\n"
    finding = INDICATORS["R1.2-1"].assess(texts(("readme", prose)))
    quoted = finding.evidence[0].value.strip("…").split()
    assert quoted
    assert set(quoted) <= set(prose.split())


@given(st.text(alphabet="ab \n", max_size=60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 30))
def test_an_excerpt_holds_what_it_is_about_and_whole_words(text, start, length, margin):
    text = " ".join(text.split())
    start = min(start, len(text))
    end = min(len(text), start + length)
    found = around(text, start, end, margin)
    inner = found.removeprefix("…").removesuffix("…")
    assert text[start:end].strip() in inner
    assert inner in text
    assert len(inner) <= end - start + 2 * margin


@given(st.text(alphabet="ab ", max_size=80), st.integers(2, 60))
def test_a_shortened_text_is_not_longer_than_it_may_be(text, most):
    found = shortened(text, most)
    assert len(found) <= most
    assert text.startswith(found.removesuffix("…").rstrip())


def verdict_of(number, evidence):
    return INDICATORS[number].assess(probed("datacite", "absent", base=evidence)).verdict


@pytest.mark.parametrize(
    "stated",
    ["notspecified", "not-specified", "Not specified", "NOASSERTION", "NONE", "Unknown license", "No license",
     "All rights reserved", "proprietary", "UNLICENSED"],
)  # fmt: skip
def test_a_licence_field_that_denies_a_licence_is_none(stated):
    evidence = texts(base=with_record(NOTHING, license_stated=stated))
    assert {verdict_of(number, evidence) for number in ("R1.1-1", "R1.1-2", "R1.1-3")} == {FAIL}
    of_weights = texts(
        ("model_card", f"---\nweights_license: {stated}\n---\n"), base=with_record(NOTHING, license="MIT")
    )
    told = verdict_of("R1.1-3", of_weights)
    assert told == FAIL, "the record's licence is not taken to cover weights that are said to have none"


def test_a_licence_of_the_weights_that_nobody_filled_in_leaves_the_record_s():
    evidence = texts(
        ("model_card", "---\nweights_license: TODO\n---\n"), base=with_record(NOTHING, license="MIT")
    )
    assert verdict_of("R1.1-3", evidence) == PARTIAL


def test_a_metadata_file_of_a_part_without_weights_states_no_licence_of_the_model():
    """An example in the docs, data in a folder: what lies above weights or at the top is the model's."""
    of_part = "cff-version: 1.2.0\ntitle: Jets\nlicense: CC0-1.0\n"
    top = document("citation", CFF + "license: MIT\n", "release/CITATION.cff")
    part = document("citation", of_part, "release/docs/jets/CITATION.cff")
    read = replaced(with_record(NOTHING, license="MIT"), documents=(top, part))
    assert verdict_of("R1.1-2", read) == PASS
    weights = file("release/docs/jets/model.onnx", "onnx")
    assert verdict_of("R1.1-2", replaced(read, files=(weights,))) == FAIL


@pytest.mark.parametrize(
    ("value", "told"), [("0.990", "1 result is stated"), ("0.98", "2 results are stated")]
)
def test_a_result_that_two_files_state_is_counted_once(value, told):
    stated = record(evaluations=(Evaluation(metric="AUC", value=value, dataset="jets", split="Test"),))
    evidence = texts(("model_card", INDEX), base=stated, model_card="MODEL_CARD.md")
    assert INDICATORS["R1-2"].assess(evidence).reason.startswith(told)
