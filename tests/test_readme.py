# SPDX-License-Identifier: MIT
"""The README shows what the program prints, and its Python runs."""

import re

import pytest
import readme_transcript
import stand_in

import fairreg
from fairreg.models.hbb_in.inputs import sample
from fairreg.services.registry.shared_engine import close
from support import hbb

README = readme_transcript.README.read_text(encoding="utf-8")
PUBLISHED = readme_transcript.PUBLISHED
# Without the published weights, which are not in the repository, random ones of the same shapes are served.
# Then these lines differ; all others must be printed as well.
OF_THE_WEIGHTS = re.compile(
    r"  \d+ (model|weight) files|Weights  |Fingerprint  |roc auc  |accuracy  "
    r"|[FAIR]  [#.]+ |overall |FAIR \d+ %"
)


@pytest.fixture(scope="module")
def printed():
    if PUBLISHED.is_dir():
        return readme_transcript.transcripts(readme_transcript.members_of(PUBLISHED))
    return readme_transcript.transcripts({"models/trained_models/untrained.safetensors": stand_in._weights()})


@pytest.mark.parametrize("command", [words[0] for words in readme_transcript.COMMANDS])
def test_the_transcripts_are_what_the_commands_print(printed, command):
    """Where they are not: python scripts/readme_transcript.py --write."""
    shown, found = (
        readme_transcript.normalised(text).splitlines()
        for text in (readme_transcript.blocks(README)[command], printed[command])
    )
    if PUBLISHED.is_dir() or command == "search":
        assert found == shown
    else:
        assert [line for line in shown if not OF_THE_WEIGHTS.match(line) and line not in found] == []


def test_writing_the_transcripts_leaves_lines_that_differ_by_the_day_or_the_machine_alone():
    found = readme_transcript.blocks(README)
    other = {
        name: text.replace("items/s", "items/s").replace(" items/s (", "7 items/s (")
        for name, text in found.items()
    }
    assert set(found) == {words[0] for words in readme_transcript.COMMANDS}
    assert readme_transcript.written(README, other) == README
    changed = readme_transcript.written(README, other | {"search": '$ fairreg search "x"\nNothing.\n'})
    assert readme_transcript.blocks(changed)["search"] == '$ fairreg search "x"\nNothing.\n'


@pytest.fixture
def services(httpserver, environment, monkeypatch):
    """Local services that the environment names, with random weights in the archive of the record."""
    for name, value in environment.items():
        if name.startswith("FAIRREG_") or name == "HF_ENDPOINT":
            monkeypatch.setenv(name, value)
    hbb.serve(httpserver, hbb.archive({"models/untrained.safetensors": stand_in._weights()}))
    yield
    close()


@pytest.mark.engines("sqlite")
def test_the_python_of_the_readme_runs(services, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # for the lock
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    (block,) = re.findall(r"^```python\n(.*?)^```\n", README, re.MULTILINE | re.DOTALL)
    jets = sample()
    names = {"tracks": jets.tracks[:10], "vertices": jets.vertices[:10]}
    exec(compile(block, "README.md", "exec"), names)
    assert names["best"].doi == hbb.DOI
    assert names["scores"].shape == (10, 2)
    assert isinstance(names["registry"], fairreg.Registry)
    assert (tmp_path / "fairreg.lock").is_file()
    for name in ("diff", "lock", "verify"):
        assert f"fairreg.{name}(" in block
