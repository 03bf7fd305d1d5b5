# SPDX-License-Identifier: MIT
import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from rdflib import Graph

import assessment
from fairreg.models.hbb_in.network import onnx_bytes
from support import hbb
from support.networks import SMALL, random_tensors
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")  # it is about what is written beside the registry

TEXTS = Path(assessment.__file__).with_name("hbb_archive")
WEIGHTS = "models/trained_models"


def published():
    """The hand-written texts of the stand-in with random weights in the published forms."""
    members = {
        path.relative_to(TEXTS).as_posix(): path.read_bytes() for path in TEXTS.rglob("*") if path.is_file()
    }
    tensors = random_tensors(SMALL)
    members |= {"src/data/make_dataset.py": b"", "references/.gitkeep": b"", "reports/.gitkeep": b""}
    members[f"{WEIGHTS}/gnn_baseline_best.pth"] = Files().legacy(tensors)
    members[f"{WEIGHTS}/onnx_model/5_10_gnn_128.onnx"] = onnx_bytes(tensors)
    return members


def serve(httpserver, members):
    httpserver.clear()
    hbb.serve(httpserver, hbb.archive(members))


@pytest.fixture
def services(httpserver):
    serve(httpserver, published())
    return httpserver


def test_adding_the_written_files_raises_the_score_by_what_fairreg_could_fill_in(cli, services, tmp_path):
    before = cli("assess", hbb.DOI, "--fix", tmp_path / "fix", "--json")
    assert before.code == 0, before.err
    written = {path.name: path.read_bytes() for path in (tmp_path / "fix").iterdir()}
    serve(services, published() | written)
    after = cli("assess", hbb.DOI, "--json")
    assert before.json["overall"] < 0.77
    assert 0.775 <= after.json["overall"] < 0.79  # nothing that its author has not confirmed


def test_it_says_what_it_wrote_for_which_indicators_and_what_remains(cli, services, tmp_path):
    result = cli("assess", hbb.DOI, "--fix", tmp_path / "fix", "--json")
    for path in (tmp_path / "fix").iterdir():
        assert f"wrote {path}" in result.err
    assert "CITATION.cff for F3-2" in result.err
    assert "MODEL_CARD.md: Intended use:" in result.err
    assert "These files cannot fix" in result.err
    assert not list((tmp_path / "fix").glob("*.part"))


def test_a_file_that_is_there_is_kept_except_by_force(cli, services, tmp_path):
    mine = tmp_path / "CITATION.cff"
    mine.write_text("mine", encoding="utf-8")
    result = cli("assess", hbb.DOI, "--fix", tmp_path)
    assert mine.read_text(encoding="utf-8") == "mine"
    assert f"kept the existing {mine}" in result.err
    assert (tmp_path / "codemeta.json").exists()
    cli("assess", hbb.DOI, "--fix", tmp_path, "--force")
    assert hbb.DOI in mine.read_text(encoding="utf-8")


def test_the_list_of_what_remains_is_written_anew_until_somebody_edits_it(cli, services, tmp_path):
    todo, card = tmp_path / "FAIR-TODO.md", tmp_path / "MODEL_CARD.md"
    cli("assess", hbb.DOI, "--fix", tmp_path)
    first = todo.read_text(encoding="utf-8")
    todo.unlink()
    card.unlink()
    serve(
        services, {name: data for name, data in published().items() if not name.endswith("requirements.txt")}
    )
    cli("assess", hbb.DOI, "--fix", tmp_path)
    second = todo.read_text(encoding="utf-8")
    todo.write_text(first, encoding="utf-8")
    cli("assess", hbb.DOI, "--fix", tmp_path)
    assert todo.read_text(encoding="utf-8") == second
    named = re.findall(r"^## (\S+) \(", second, flags=re.MULTILINE)
    assert named
    assert all((tmp_path / name).exists() for name in named)


def test_to_dos_that_an_edited_list_lacks_are_printed(cli, services, tmp_path):
    todo = tmp_path / "FAIR-TODO.md"
    cli("assess", hbb.DOI, "--fix", tmp_path)
    lines = todo.read_text(encoding="utf-8").splitlines(keepends=True)
    gone = next(line for line in lines if "Intended use" in line)
    todo.write_text("".join(line for line in lines if line != gone), encoding="utf-8")
    mine = todo.read_text(encoding="utf-8")
    told = cli("assess", hbb.DOI, "--fix", tmp_path).err
    assert todo.read_text(encoding="utf-8") == mine
    assert gone.strip().removeprefix("- [ ] ") in " ".join(told.split())
    assert "was edited and lacks these" in told


def test_a_link_that_leads_nowhere_is_kept_except_by_force(cli, services, tmp_path):
    link = tmp_path / "CITATION.cff"
    link.symlink_to(tmp_path / "elsewhere")
    assert f"kept the existing {link}" in cli("assess", hbb.DOI, "--fix", tmp_path).err
    assert link.is_symlink()


def test_page_badge_and_linked_data_are_written(cli, services, tmp_path):
    page, badge, linked = tmp_path / "a.html", tmp_path / "a.svg", tmp_path / "a.jsonld"
    result = cli("assess", hbb.DOI, "--html", page, "--badge", badge, "--jsonld", linked, "--json")
    assert result.code == 0, result.err
    parsed = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    assert parsed.h1.string.startswith("FAIR4HEP/")
    assert parsed.title.string.startswith("FAIR assessment of FAIR4HEP/")
    assert badge.read_text("utf-8").startswith("<svg")
    assert len(Graph().parse(data=linked.read_text("utf-8"), format="json-ld")) > 500
    assert all(f"wrote {file}" in result.err for file in (page, badge, linked))
    assert result.json["id"] == f"doi:{hbb.DOI}"


def test_a_script_in_the_records_name_does_not_run_in_the_page(cli, tmp_path):
    # Sources' titles are cleaned of markup; a record of the user is taken as it is.
    record = {
        "identifier": "doi:10.5281/zenodo.1",
        "kind": "model",
        "name": "<script>alert(1)</script> network",
        "provenance": {"source": "user", "source_id": "10.5281/zenodo.1"},
        "identifiers": [{"scheme": "doi", "value": "10.5281/zenodo.1"}],
    }
    (tmp_path / "record.json").write_text(json.dumps(record), encoding="utf-8")
    assert cli("add", tmp_path / "record.json").code == 0
    page = tmp_path / "a.html"
    assert cli("assess", "10.5281/zenodo.1", "--offline", "--html", page, "--json").code == 0
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    assert not soup.find_all("script")
    assert "alert(1)" in soup.h1.string


@pytest.mark.sliced(3)
@pytest.mark.parametrize("option", ["--html", "--badge", "--jsonld"])
def test_a_place_that_cannot_be_written_is_a_sentence(cli, services, tmp_path, option):
    result = cli("assess", hbb.DOI, option, tmp_path / "none" / "a", "--json")
    assert result.code == 1
    assert "cannot be written" in result.err
    assert "Traceback" not in result.err
    assert json.loads(result.out)["id"] == f"doi:{hbb.DOI}"


def test_a_fault_leaves_the_page_that_was_there(cli, services, tmp_path, monkeypatch):
    page = tmp_path / "a.html"
    page.write_text("old", encoding="utf-8")
    real = Path.write_bytes

    def full(path, data):
        if path.name.endswith(".part"):
            real(path, data[:10])
            raise OSError(28, "No space left on device", str(path))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    result = cli("assess", hbb.DOI, "--html", page)
    assert result.code == 1
    assert "No space left on device" in result.err
    assert page.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.glob(".a*")) == []


def test_a_folder_to_fix_in_that_is_a_file_is_wrong_usage(cli, services, tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert cli("assess", hbb.DOI, "--fix", file).code == 2


def test_brief_hides_what_has_all_its_points(cli, services):
    full, brief = (cli("assess", hbb.DOI, *options).out for options in ((), ("--brief",)))
    assert "Persistent identifier scheme" in full
    assert "Persistent identifier scheme" not in brief
    assert "Weight" in brief
    assert "R1-3" in brief
    assert re.search(r"F1 .* \d of 4 met in full *$", brief, re.MULTILINE)


def test_the_comparison_names_the_metrics_of_other_tools(cli, services):
    out = cli("assess", hbb.DOI, "--compare").out
    heading = "fairreg's verdicts under F-UJI's metrics for data"
    for words in (heading, "FsF-F1-01MD-1", "FAIRshake", "ML-R1-01M", "FRSM-13-R1-1"):
        assert words in out
    assert "FsF-F1-01MD-1" not in cli("assess", hbb.DOI).out
