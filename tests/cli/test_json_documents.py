# SPDX-License-Identifier: MIT
"""Each command prints the document that is documented for it; the fixture `cli` holds it to its schema."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fairreg.cli
from fairreg.schemas import DOCUMENT_VERSIONS
from fairreg.schemas.documents.table import DOCUMENT_FORMS
from support import commands, hbb

pytestmark = pytest.mark.engines("sqlite")

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
OTHER = "10.5281/zenodo.3891869"
QUICK = "--batch-sizes 1,2 --repetitions 1 --seconds 0 --jets 4 --compared 2 --threads 1"
# Command lines with the document that they print and their exit code; that of hbb train, hbb simulate and
# hbb prepare is tested where these have the jets that they need.
CASES = [
    ("search", "search Hbb --explain --facets --limit 3", 0),
    ("search", "search {pid} --explain", 0),
    ("search", "search Hbb --live --source zenodo", 4),
    ("sources", "sources", 0),
    ("sources-refused", "sources --refused", 0),
    ("run", "run {model} --input {arrays} --output {out}.npz", 0),
    ("run-many", "run {model} --input {arrays} --input {damaged}", 1),
    ("inspect", "inspect {tagger}", 0),
    ("inspect", "inspect {damaged}", 0),
    ("diff", "diff {tagger} {model}", 0),
    ("convert-onnx", "convert {tagger} --to onnx --output {out}.onnx", 0),
    ("convert-triton", "convert {tagger} --to triton --output {out}", 0),
    ("new", "new {out} --defaults", 0),
    ("assess", "assess {pid} --offline", 0),
    ("assess", "assess {pid} --offline --min-score 1", 5),
    ("assess-many", "assess --query Hbb --limit 2 --offline", 0),
    ("harvest", "harvest zenodo datacite --query hbb", 4),
    ("harvest-collections", "harvest --collections", 0),
    ("harvest-dry-run", "harvest --collection hep --dry-run", 0),
    ("link", "link {pid} {other}", 0),
    ("unlink", "unlink {pid} {other}", 0),
    ("validate", "validate {record}", 0),
    ("validate", "validate {invalid}", 1),
    ("add", "add {record}", 0),
    ("import", "import {exported}", 0),
    ("import-dump", "import {dump} --source zenodo", 0),
    ("db-info", "db init", 0),
    ("db-forget", "db forget {pid} --dry-run", 0),
    ("db-forget", "db forget {pid} --yes", 0),
    ("db-forgotten", "db forgotten", 0),
    ("cache-info", "cache info", 0),
    ("cache-verify", "cache verify", 0),
    ("cache-clear", "cache clear --yes", 0),
    ("hbb-evaluate", "hbb evaluate {tagger}", 0),
    ("hbb-export", "hbb export {tagger} --output {out}.safetensors", 0),
    ("hbb-benchmark", f"hbb benchmark --weights {{tagger}} {QUICK}", 0),
    ("hbb-explain", "hbb explain mask {tagger} --jets 20 --bootstraps 2", 0),
    ("hbb-explain", "hbb explain lrp {tagger} --jets 20", 0),
    ("hbb-explain", "hbb explain activity {tagger} --jets 20", 0),
]
ELSEWHERE = {
    "cache-ls",
    "cache-prune",
    "cache-rm",
    "doctor",
    "fetch",
    "fetch-dry-run",
    "assess-history",
    "db-check",
    "db-forget-undo",
    "hbb-prepare",
    "hbb-simulate",
    "hbb-train",
    "lock",
    "publish",
    "verify",
}


class Words(dict):
    """The files that stand for the names in braces, made when one is asked for."""

    def __init__(self, folder, cli, **files):
        super().__init__(pid=hbb.DOI, other=OTHER, out=folder / "out", **files)
        self._folder, self._cli = folder, cli

    def __missing__(self, name):
        return getattr(self, f"_{name}")(self._folder / name)

    def _arrays(self, path):
        np.savez(path.with_suffix(".npz"), x=np.ones((4, 3), np.float32))
        return path.with_suffix(".npz")

    def _damaged(self, path):
        path.with_suffix(".npz").write_bytes(b"PK\x03\x04 and no archive")
        return path.with_suffix(".npz")

    def _record(self, path):
        path.write_text(self._cli("show", hbb.DOI, "--format", "jsonld").out, "utf-8")
        return path

    def _invalid(self, path):
        path.write_text('{"identifier": 1}', "utf-8")
        return path

    def _exported(self, path):
        self._cli("export", path)
        return path

    def _dump(self, path):
        path.write_text(json.dumps(hbb.record(b"content")), "utf-8")
        return path


@pytest.mark.sliced(13)
@pytest.mark.parametrize(("document", "line", "code"), CASES, ids=[line for _, line, _ in CASES])
def test_a_command_prints_the_document_that_has_its_name(cli, tmp_path, affine, tagger, document, line, code):
    named = Words(tmp_path, cli, model=affine, tagger=tagger)
    done = cli(*(word.format_map(named) for word in line.split()), "--json")
    assert (done.code, done.document) == (code, document), done.err


def test_fetched_files_and_a_planned_fetch_are_documents(cli, fetch, tagger):
    planned = fetch({"tagger.onnx": tagger.read_bytes()}, "--dry-run", "--json")
    assert (planned.code, planned.document) == (0, "fetch-dry-run"), planned.err
    fetched = cli("fetch", hbb.DOI, "--run", "--json")
    assert (fetched.code, fetched.document) == (0, "fetch"), fetched.err
    assert fetched.json["run"]["input"]["items"] > 0


def test_a_refused_archive_is_in_the_document_before_the_exit_with_3(fetch):
    refused = fetch({"bomb.zip": b"PK\x03\x04 and no archive"}, "--json")
    assert (refused.code, refused.document) == (3, "fetch"), refused.err
    assert refused.json["unopened"][0]["name"] == "bomb.zip"


def test_the_registry_is_described_checked_and_its_history_printed(cli):
    assert cli("db", "info", "--json").code == 1  # there is none: a sentence, no document
    cli("db", "init")
    assert cli("db", "upgrade", "--json").document == "db-info"
    assert cli("db", "reindex", "--json").document == "db-info"
    assert cli("db", "check", "--json").document == "db-check"
    cli("assess", hbb.DOI, "--offline")
    history = cli("assess", hbb.DOI, "--history", "--json")
    assert (history.document, len(history.json)) == ("assess-history", 1)
    cli("db", "forget", hbb.DOI, "--yes")
    assert cli("db", "forgotten", "--json").json[0]["schema_version"] == DOCUMENT_VERSIONS["db-forgotten"]
    assert cli("db", "forget", hbb.DOI, "--undo", "--json").document == "db-forget-undo"


def test_the_example_of_the_page_validates_what_a_command_prints(cli, environment):
    cli("db", "init")
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([sys.executable, "-c", example], env={**environment, "PATH": programs}, check=True)


def test_every_document_is_printed_by_a_test():
    assert {document for document, _, _ in CASES} | ELSEWHERE == DOCUMENT_VERSIONS.keys()


def test_every_command_with_the_option_json_has_a_schema():
    documented = {tuple(command_of(line)) for form in DOCUMENT_FORMS.values() for line in form.printed_by}
    # What these print is a document of `formats`: the record, or a citation in CSL.
    assert set(commands.with_option("--json")) == documented | {("show",), ("cite",)}


@pytest.mark.parametrize("line", [line for form in DOCUMENT_FORMS.values() for line in form.printed_by])
def test_the_documented_command_lines_parse(line):
    assert commands.fault_of(line) is None


def command_of(line):
    """The words of a command line that name its command."""
    group = commands.program()
    for word in line.split():
        yield word
        group = group.commands[word]
        if not hasattr(group, "commands"):
            return


def test_commands_print_json_through_one_function_only_by_the_name_of_a_document():
    calls = [call for file in Path(fairreg.cli.__file__).parent.rglob("*.py") for call in printed_in(file)]
    assert {name for _, name in calls} == DOCUMENT_VERSIONS.keys()


def printed_in(file):
    """Each name of a document that a module of the command line prints, and what else it prints as JSON."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(ast.Name("print_versioned"), [ast.Constant(str(name)), *_]):
                yield file.name, name
            case ast.Call(ast.Name("print_versioned" | "print_json")) if file.name != "output.py":
                yield file.name, ast.unparse(node)
