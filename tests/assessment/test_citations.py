# SPDX-License-Identifier: MIT
"""A citation of a record shows what that field of that record says."""

import re

import msgspec
import pytest

from fairreg.assessment.evidence import DataCiteFacts
from fairreg.assessment.report import assess
from fairreg.assessment.rubric import DATASETS
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Evaluation,
    Feature,
    ModelRecord,
    Provenance,
    Tensor,
)

from .samples import BARE, DATASET, HBB, replaced, with_record

COMMIT = "a" * 40
ACCOUNT = (Creator(name="lab", kind="organization"),)
REGISTERED = DataCiteFacts(
    record=ModelRecord(
        identifier="doi:10.1234/asked",
        kind="model",
        name="B",
        provenance=Provenance(source="datacite", source_id="10.1234/asked"),
        description="<p>A longer text of many words than the host has.</p>",
        keywords=("one", "two", "three"),
        creators=(Creator(name="Rossi, Ada"),),
        access=Access(level="restricted"),
    ),
    state="findable",
    types=("Model", "NN"),
)
SPARSE = with_record(
    BARE,
    creators=ACCOUNT,
    description="Short.",
    keywords=("one",),
    date_created="2021-02-03",
    evaluations=(Evaluation(metric="auc", value="0.9"),),
    inputs=(Tensor(name="x", dtype="float32", features=(Feature(name="pt", description="momentum"),)),),
    provenance=Provenance(source="file", source_id="a", url=f"https://example.org/tree/{COMMIT}"),
    distributions=(
        Distribution(name="a.root", url="root://example.org//a.root"),
        Distribution(name="a.csv", url="https://example.org/a.csv"),
    ),
)
CASES = {
    "bare": BARE,
    "model": HBB,
    "dataset": DATASET,
    "sparse": SPARSE,
    "sparse and registered": replaced(SPARSE, datacite=REGISTERED),
    "registered": replaced(BARE, datacite=REGISTERED),
    "model without a type": with_record(HBB, stated_type=None),
    "a SWHID": with_record(BARE, identifiers=(Identifier("swhid", f"swh:1:rev:{COMMIT}"),)),
}
# Words between the values: "12 bytes", "auc = 0.9 on jets".
GLUE = frozenset({"bytes", "on"})


def texts(value):
    """The texts and numbers anywhere in a plain value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [str(value)]


def said(evidence, citation):
    facts = evidence.datacite
    if citation.source == "datacite" and citation.what in {"state", "types", "url", "contributors"}:
        return " ".join(texts(msgspec.to_builtins(getattr(facts, citation.what))))
    record = evidence.record if citation.source == "record" else facts.record
    return " ".join(texts(msgspec.to_builtins(getattr(record, citation.what))))


@pytest.mark.parametrize("rubric", [(), (DATASETS,)], ids=["models", "datasets"])
@pytest.mark.parametrize("case", CASES)
def test_every_word_of_a_cited_value_stands_in_the_cited_field(case, rubric):
    evidence = CASES[case]
    report = assess(evidence, *rubric)
    wrong = []
    for item in (item for part in report.principles.values() for item in part.indicators):
        for cited in item.evidence:
            if cited.source not in {"record", "datacite"}:
                continue
            words = re.findall(r"[\w.-]+", cited.value.rstrip("…"))
            missing = [word for word in words if word not in GLUE and word not in said(evidence, cited)]
            if missing or not words:
                wrong.append((item.id, cited.source, cited.what, cited.value, missing))
    assert wrong == []
