# SPDX-License-Identifier: MIT
"""Files for GitHub: their schemas, what the workflows may do, and that what they run exists."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import canary_issue
import pytest
import yaml

from fairreg.services.check.check import check_sources
from support.commands import fault_of
from support.known_services import payloads, put, serve
from support.projects import COPIER

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}
# What a job may do beyond reading, with the reason that its comment gives.
MAY = {
    ("docs", "publish"): {"pages": "write", "id-token": "write"},
    ("release", "publish"): {"id-token": "write"},
    ("release", "announce"): {"contents": "write"},
    ("canary", "report"): {"issues": "write"},
}


def jobs():
    for path in WORKFLOWS:
        document = yaml.safe_load(path.read_text("utf-8"))
        yield from ((path.stem, name, job) for name, job in document["jobs"].items())


def steps():
    return [(file, name, step) for file, name, job in jobs() for step in job["steps"]]


def lines_run():
    return [line.strip() for _, _, step in steps() for line in step.get("run", "").splitlines()]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_meet_the_schema_of_their_kind(schema):
    if COPIER is None:
        pytest.skip("FAIRREG_TEST_COPIER names no interpreter with check-jsonschema")
    command = [COPIER, "-m", "check_jsonschema", "--builtin-schema", schema, *SCHEMAS[schema]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert SCHEMAS[schema]
    assert done.returncode == 0, done.stdout


def test_workflows_read_and_only_named_jobs_do_more():
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {"contents": "read"}
    assert {(file, name): job["permissions"] for file, name, job in jobs() if "permissions" in job} == MAY


def test_actions_are_those_of_github_and_pypa_by_their_major_version():
    used = {step["uses"] for _, _, step in steps() if "uses" in step}
    assert used
    assert [
        name for name in used if not re.fullmatch(r"actions/[\w-]+@v\d+|pypa/[\w-]+@release/v\d+", name)
    ] == []


def test_no_checkout_keeps_its_token():
    found = [step for _, _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in found)


def test_values_of_the_event_reach_a_shell_through_its_environment_only():
    assert [line for line in lines_run() if "${{" in line] == []


def test_what_a_workflow_runs_exists():
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = "\n".join(lines_run())
    assert set(re.findall(r"\bmake ([\w-]+)", text)) <= targets
    assert [name for name in re.findall(r"\bpython (\S+\.py)", text) if not (ROOT / name).is_file()] == []
    commands = re.findall(r"^fairreg ([^|>&]+)", text, re.MULTILINE)
    assert commands
    assert [line for line in commands if fault_of(line.strip()) is not None] == []


def test_pythons_of_the_workflow_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    stated = [
        re.fullmatch(r"Programming Language :: Python :: (\d\.\d+)", line) for line in project["classifiers"]
    ]
    versions = [found[1] for found in stated if found]
    matrices = [job["strategy"]["matrix"] for file, _, job in jobs() if file == "test" and "strategy" in job]
    assert all(matrix["python"] == versions for matrix in matrices)
    (wheel,) = (matrix for matrix in matrices if len(matrix["os"]) == 3)
    assert {name.partition("-")[0] for name in wheel["os"]} == {"ubuntu", "macos", "windows"}
    assert project["requires-python"] == f">={versions[0]}"


def test_services_of_the_issue_form_are_those_of_the_check():
    from fairreg import harvesters

    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "service.yml").read_text("utf-8"))
    options = form["body"][0]["attributes"]["options"]
    assert [
        name for name in options[:-2] if not any(name in item.title for item in harvesters.all_harvesters())
    ] == []


@pytest.mark.engines("sqlite")
def test_the_issue_of_the_canary_names_the_field_that_changed(settings, httpserver, tmp_path):
    made = payloads()
    put(made["zenodo"], "$.metadata.title", 7)
    serve(httpserver, {**made, "openml": None})
    check_sources(settings, record=tmp_path)
    text = canary_issue.issue(
        json.loads((tmp_path / "report.json").read_text("utf-8")), "https://a.example/run"
    )
    assert "### zenodo" in text
    assert "$.metadata.title is number, expected text (fairreg reads it)" in text
    assert "| openml | unreachable |" in text
    assert "| datacite | as expected |" in text
    assert "### openml" not in text
    assert "https://a.example/run" in text


@pytest.mark.engines("sqlite")
def test_the_canary_says_in_a_table_that_all_is_as_expected(settings, httpserver, tmp_path):
    serve(httpserver, payloads())
    check_sources(settings, record=tmp_path)
    text = canary_issue.issue(json.loads((tmp_path / "report.json").read_text("utf-8")))
    assert "###" not in text
    assert "changed" not in text


def test_answers_of_a_service_call_nobody_and_stay_in_their_block():
    found = "```\n@everybody\x1b[31m [a](https://b.example)" + "x" * 400
    difference = {"kind": "fact", "where": "$.a", "expected": "1", "found": found, "read": True}
    check = {
        "name": "zenodo", "status": "changed", "message": None, "differences": [difference] * 50,
    }  # fmt: skip
    text = canary_issue.issue({"fairreg": "1", "checks": [check]})
    fence, inside, _ = re.split(r"^(?:````(?:text)?)$", text, flags=re.MULTILINE)
    assert "@everybody" in inside
    assert "@" not in fence
    assert "and 10 more" in inside
    assert max(map(len, inside.splitlines())) < 310
    assert "\x1b" not in text
    assert len(text) < 65_536
