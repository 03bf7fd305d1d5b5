# SPDX-License-Identifier: MIT
"""Projects of `fairreg new`: made in a folder, and their own programs run as a user runs them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from fairreg.assessment.content.documents import role_of
from fairreg.assessment.evidence import Document, Evidence, FileFact, ModelFact
from fairreg.assessment.report import assess
from fairreg.runners.weights import onnx as onnx_weights
from fairreg.schemas.identifiers import parse
from fairreg.services.new.create import NewProject, answered, create
from fairreg.services.new.facts import read_facts
from fairreg.services.new.record import project_record
from fairreg.storage.recognition import format_of_file

# The interpreter of an environment with copier, check-jsonschema and hatchling.
COPIER = os.environ.get("FAIRREG_TEST_COPIER")
ANSWERS = {
    "author_given": "Marie",
    "author_family": "Curie",
    "author_orcid": "0000-0002-1825-0097",
    "author_affiliation": "CERN",
    "author_ror": "01ggx4157",
    "repository": "https://github.com/lab/tagger",
    "training_data": "10.7483/opendata.cms.jgjx.ms7q",
    "publication": "10.1088/2632-2153/ace1a1",
    "doi": "10.5281/zenodo.7305227",
}


def new(folder: Path, origin: Path | None = None, **answers: object) -> NewProject:
    """Make a project of these answers and the defaults."""
    return create(folder, answered(folder, answers, None), origin=origin)


def state_data(folder: Path) -> None:
    """Take the data set and the paper of a toy out of the comments of its facts."""
    text = (folder / "facts.toml").read_text("utf-8")
    for key in ("training_data", "publications"):
        text = text.replace(f"\n# {key} = ", f"\n{key} = ")
    (folder / "facts.toml").write_text(text, "utf-8")


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a project's folder with the project's package, as `make` does in its environment."""
    env = {**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def train(folder: Path, package: str) -> None:
    """Do what `make model` does."""
    for step in ("toy", "train", "export", "evaluate"):
        done = python(folder, "-m", f"{package}.{step}")
        assert done.returncode == 0, done.stderr


def content(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by path, without those of git."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: text for name, text in named.items() if not name.startswith(".git/")}


# What its host, the registry and the network give, not the files; and what is partial for a stated reason.
GIVEN_BY_OTHERS = {
    "F1-2", "F1-3", "F2-1", "F2-4", "F3-3", "F4-1", "F4-2", "F4-3", "F4-4", "A1-2", "A1.1-1", "A1.1-3",
    "A1.2-1", "A1.2-2", "A2-1", "A2-2", "I2-2",
}  # fmt: skip
PARTIAL = {
    "I1-4": "runs in one runtime",  # as many as this machine has
    "R2-3": "which can change",  # the digest of the base image is read by `make pin-image`
}


def verdicts_below_pass(folder: Path) -> dict[str, str]:
    """Return the verdicts other than pass of indicators that depend on files; each has a remedy."""
    principles = assess(evidence_of(folder)).principles.values()
    found = {item.id: item for principle in principles for item in principle.indicators}
    of_files = {name: item for name, item in found.items() if name not in GIVEN_BY_OTHERS}
    below = {name: item for name, item in of_files.items() if item.verdict.value != "pass"}
    for name, item in below.items():
        assert PARTIAL.get(name, "") in item.reason
        assert item.remedy, name
    return {name: item.verdict.value for name, item in below.items()}


def evidence_of(folder: Path) -> Evidence:
    """Evidence of the files, with a record that has what an archive keeps of it."""
    facts = read_facts(folder)
    record = project_record(folder, facts)
    kept = {"inputs": (), "outputs": (), "evaluations": (), "intended_use": None, "limitations": None}
    kept |= {"ml_task": (), "model_category": (), "frameworks": ()}
    paths = {
        name: folder / name
        for name in content(folder)
        if "__pycache__" not in name and ".egg-info" not in name
    }
    files = [
        FileFact(
            path=name,
            size=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            format=format_of_file(path),
        )
        for name, path in paths.items()
    ]
    documents = [
        Document(role=role, path=name, text=path.read_text("utf-8"))
        for name, path in paths.items()
        if (role := role_of(name))
    ]
    inputs, outputs = onnx_weights.signature(folder / facts.model)
    ran = ModelFact(file=facts.model, inputs=inputs, outputs=outputs, ran=True, runtimes=("onnx",))
    return Evidence(
        record=type(record)(**{name: getattr(record, name) for name in record.__struct_fields__} | kept),
        requested=parse(record.doi),
        gathered_at="2026-11-30T00:00:00+00:00",
        files=tuple(files),
        documents=tuple(documents),
        models=(ran,),
        downloaded=True,
    )
