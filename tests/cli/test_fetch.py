# SPDX-License-Identifier: MIT
"""From a DOI to a result, over local services that hold the published record."""

import hashlib
import io
import pickle
import zipfile

import pytest
from werkzeug import Response

from fairreg.registry import Registry
from support import hbb
from support.databases import ENGINES
from support.networks import SMALL, random_tensors
from support.weight_files import Files

# Those about what the registry knows say so; the others are about files and refusals.
pytestmark = pytest.mark.engines("sqlite")

BASELINE = "sha256:3ee06aa0a17d9c832dcfca39752aa713f0c8b6f91a37bf81da65dbd888ebce1c"
WEIGHTS = "models/trained_models/gnn_baseline_best.pth"
SPELLINGS = [
    hbb.DOI,
    hbb.CONCEPT,
    f"https://doi.org/{hbb.DOI}",
    "https://zenodo.org/records/7305227",
    "zenodo.7305227",
]


@pytest.fixture
def untrained(httpserver):
    """The services with an archive of random weights in the shapes of the paper."""
    content = hbb.archive({WEIGHTS: Files().legacy(random_tensors(SMALL)), "README.md": b"# Hbb"})
    hbb.serve(httpserver, content)
    return content


@pytest.fixture
def published(httpserver, shared):
    """The services with the published files."""
    hbb.serve(httpserver, hbb.archive(hbb.published_members(shared)))


@pytest.mark.sliced(2)
@pytest.mark.shared
@pytest.mark.parametrize("pid", SPELLINGS)
def test_fetch_and_run_finds_the_published_baseline(cli, published, pid):
    result = cli("fetch", pid, "--run", "--json")
    assert result.code == 0, result.err
    document = result.json
    assert set(document) == {
        *("schema_version", "requested", "id", "doi", "concept_doi", "version"),
        *("files", "folders", "members", "weight_files", "unopened", "run", "recipe"),
    }
    assert (document["requested"], document["doi"], document["concept_doi"]) == (pid, hbb.DOI, hbb.CONCEPT)
    assert document["version"] == "v0.1.1"
    (file,) = document["files"]
    facts = {"name", "path", "size", "checksum", "verified", "checked_for", "unknown_checksums"}
    assert set(file) == facts
    assert file["verified"]
    run = document["run"]
    assert set(run) == {
        *("model", "weights", "runtime", "engine", "converted_from", "device", "input", "batching"),
        *("metrics", "timing", "warnings", "vectors"),
    }
    assert (run["device"], run["converted_from"]) == ("cpu", None)
    assert (run["batching"]["reason"], run["batching"]["size"]) == ("stated", run["timing"]["batch_size"])
    assert run["weights"]["parameters"] > 10_000
    assert run["weights"]["origin"] == "published"
    assert run["weights"]["fingerprint"] == BASELINE
    assert run["weights"]["file"] == hbb.TOP + WEIGHTS
    assert run["input"]["items"] > 100
    assert 0 <= run["metrics"]["roc_auc"] <= 1
    assert 0 <= run["metrics"]["accuracy"] <= 1
    assert run["timing"]["items_per_second"] > 0


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.torch
def test_torch_gives_the_same_numbers(cli, published):
    pytest.importorskip("torch", reason="the extra torch is not installed")
    found = [
        cli("fetch", hbb.DOI, "--run", "--runtime", name, "--json").json["run"] for name in ("onnx", "torch")
    ]
    assert [run["runtime"] for run in found] == ["onnx", "torch"]
    assert found[0]["metrics"] == pytest.approx(found[1]["metrics"], abs=1e-5)
    assert found[0]["weights"] == found[1]["weights"]


@pytest.mark.long
@pytest.mark.shared
def test_the_result_table_says_what_ran(cli, published):
    out = cli("fetch", hbb.DOI, "--run").out
    named = ("onnx", "published", "gnn_baseline_best.pth", "2000 items", "roc auc", "accuracy", "items/s")
    assert [words for words in named if words not in out] == []


@pytest.mark.engines(*ENGINES)
def test_unknown_weights_of_the_right_shapes_run_with_a_warning(cli, untrained):
    result = cli("fetch", hbb.DOI, "--run", "--json")
    assert result.code == 0, result.err
    assert result.json["run"]["weights"]["fingerprint"] != BASELINE
    assert any("not the published" in line for line in result.json["run"]["warnings"])


def test_a_second_fetch_uses_the_cache_and_says_so(cli, untrained, httpserver):
    assert "downloaded, verified against md5" in cli("fetch", hbb.DOI).err
    httpserver.clear_log()
    assert "from the cache" in cli("fetch", hbb.DOI).err
    assert not any("/content" in request.path for request, _ in httpserver.log)


@pytest.mark.engines(*ENGINES)
def test_what_was_fetched_is_there_offline(cli, untrained, monkeypatch, httpserver):
    cli("fetch", hbb.DOI)
    httpserver.clear_log()
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("fetch", hbb.DOI, "--run", "--json")
    assert result.code == 0, result.err
    assert "earlier fetch" in result.err
    assert httpserver.log == []


def test_the_concept_is_named_as_such(cli, untrained):
    err = cli("fetch", hbb.CONCEPT).err
    assert "concept DOI" in err
    assert hbb.DOI in err


def test_output_places_a_copy(cli, untrained, tmp_path):
    (file,) = cli("fetch", hbb.DOI, "--output", tmp_path / "out", "--json").json["files"]
    assert file["path"] == str(tmp_path / "out" / "hbb_interaction_network-v0.1.1.zip")
    assert (tmp_path / "out" / "hbb_interaction_network-v0.1.1.zip").read_bytes() == untrained


@pytest.mark.engines(*ENGINES)
def test_a_fetched_record_is_in_the_registry_beside_the_catalogue(cli, untrained, settings):
    cli("fetch", hbb.DOI)
    with Registry(settings=settings) as registry:
        entry = registry.entry_for(hbb.DOI)
        assert set(entry.sources) == {"catalogue", "datacite", "zenodo"}
        (statement,) = [item for item in registry.statements.of_entry(entry) if item.source == "zenodo"]
        assert b'"conceptrecid"' in statement.payload
        assert entry.record.name == "Hbb Interaction Network (FAIR4HEP)"


def test_file_patterns_choose(cli, untrained):
    result = cli("fetch", hbb.DOI, "--file", "*.onnx")
    assert result.code == 1
    assert hbb.NAME in result.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--runtime", "onnx"], "--run"),
        (["--run", "--runtime", "nonsense"], "onnx"),
        (["--weights", "reference"], "--run"),
    ],
)
def test_options_that_cannot_be_meant_end_with_2_before_anything_is_asked(cli, httpserver, arguments, word):
    result = cli("fetch", hbb.DOI, *arguments)
    assert result.code == 2
    assert word in result.err
    assert httpserver.log == []


def test_an_engine_that_is_missing_is_one_sentence_with_the_pip_line(cli, untrained, monkeypatch):
    monkeypatch.setattr("fairreg.runners.torch.available", lambda: False)
    result = cli("fetch", hbb.DOI, "--run", "--runtime", "torch")
    assert result.code == 1
    assert "pip install 'fairreg[torch]'" in result.err


def entries(settings):
    """What the registry holds about the DOI, and how many final files the cache has."""
    with Registry(settings=settings) as registry:
        sources = registry.entry_for(hbb.DOI).sources
    return sources, list((settings.cache / "blobs").glob("*/*/*"))


def answer(httpserver, path, **response):
    httpserver.expect_request(path).respond_with_response(Response(**response))


CONTENT = f"/zenodo/api/records/7305227/files/{hbb.NAME}/content"
RECORD = "/zenodo/api/records/7305227"


@pytest.mark.parametrize(
    ("path", "response", "code", "words"),
    [
        (CONTENT, {"response": b"other bytes"}, 4, "stopped at"),
        (CONTENT, {"status": 404}, 1, "does not exist"),
        (CONTENT, {"status": 500}, 4, "reports an internal error"),
        (CONTENT, {"response": "<html>", "mimetype": "text/html"}, 4, "HTML page"),
        (CONTENT, {"status": 302, "headers": {"Location": "http://127.0.0.1:1/x"}}, 3, "private address"),
        (CONTENT, {"status": 302, "headers": {"Location": "file:///etc/passwd"}}, 3, "http"),
        (RECORD, {"status": 410, "response": '{"tombstone": {"note": "Spam"}}'}, 1, "withdrawn"),
        (RECORD, {"status": 429, "headers": {"Retry-After": "7200"}}, 4, "7200 s"),
        (RECORD, {"status": 500}, 4, "reports an internal error"),
        (RECORD, {"response": "<html>maintenance</html>"}, 4, "HTML instead of JSON"),
        (RECORD, {"response": '{"id": 7305227, "metad'}, 4, "truncated JSON"),
        (RECORD, {"response": "[]"}, 4, "not a record"),
        (RECORD, {"response": '{"id": 7305227}'}, 1, "metadata.title"),
    ],
)
def test_each_fault_is_one_sentence_and_leaves_nothing(
    cli, settings, httpserver, path, response, code, words
):
    cli("db", "init")
    answer(httpserver, path, **response)
    hbb.serve(httpserver, hbb.archive({WEIGHTS: b"x"}))
    result = cli("fetch", hbb.DOI, "--run", "--weights", "published", "--json")
    assert result.code == code, result.err
    assert words in result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert entries(settings) == (("catalogue",), [])


def test_a_wrong_checksum_is_refused(cli, settings, httpserver):
    cli("db", "init")
    content = hbb.archive({WEIGHTS: b"x"})
    answer(httpserver, CONTENT, response=content[:-1] + b"!")
    hbb.serve(httpserver, content)
    result = cli("fetch", hbb.DOI)
    assert result.code == 3
    assert "not the published file" in result.err
    assert entries(settings) == (("catalogue",), [])


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


class Attack:
    def __reduce__(self):
        return (exec, ("import pathlib; pathlib.Path('attacked').touch()",))


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("../x", 1, "outside its folder"),
        ("/etc/x", 1, "outside its folder"),
        ("zeros", 200 * 2**20, "bomb"),
    ],
)
def test_an_unsafe_archive_is_refused_with_3(cli, settings, httpserver, name, size, words):
    cli("db", "init")
    hbb.serve(httpserver, zipped((name, bytes(size))))
    result = cli("fetch", hbb.DOI)
    assert result.code == 3, result.err
    assert words in result.err
    assert entries(settings)[0] == ("catalogue",)
    assert not (settings.cache / "extracted").exists() or not list((settings.cache / "extracted").iterdir())


def test_a_pickle_that_would_run_code_is_refused_and_not_run(cli, httpserver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hbb.serve(httpserver, hbb.archive({WEIGHTS: pickle.dumps(Attack(), protocol=2)}))
    result = cli("fetch", hbb.DOI, "--run")
    assert result.code == 3, result.err
    assert "exec" in result.err
    assert not (tmp_path / "attacked").exists()


def test_an_archive_without_a_known_model_says_so(cli, httpserver):
    hbb.serve(httpserver, hbb.archive({"README.md": b"nothing here"}))
    result = cli("fetch", hbb.DOI, "--run")
    assert result.code == 1
    assert "model that fairreg supports" in result.err


def test_a_source_that_cannot_be_reached_ends_with_4_and_says_what_to_do(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("fetch", hbb.DOI, "--run", "--weights", "published", "--json")
    assert result.code == 4
    assert result.out == ""
    assert "Hint:" in result.err


def test_a_restricted_record_says_how_to_get_access(cli, httpserver):
    document = hbb.record(b"")
    document["files"] = []
    document["metadata"] |= {
        "access_right": "restricted",
        "access_conditions": "<p>Write to the authors.</p>",
    }
    httpserver.expect_request(RECORD).respond_with_json(document)
    hbb.serve(httpserver, b"")
    result = cli("fetch", hbb.DOI)
    assert result.code == 1
    assert "restricted" in result.err
    assert "Write to the authors." in result.err


def test_zenodo_get_is_an_extra(cli, monkeypatch):
    for variable in ("FAIRREG_ZENODO_URL",):
        monkeypatch.delenv(variable)
    result = cli("fetch", hbb.DOI, "--downloader", "zenodo_get")
    assert result.code == 1
    assert "pip install 'fairreg[zenodo]'" in result.err


def test_an_unpacked_folder_that_was_changed_never_runs(cli, untrained, settings):
    first = cli("fetch", hbb.DOI, "--run", "--json").json["run"]["weights"]
    (weights,) = (settings.cache / "extracted").rglob("gnn_baseline_best.pth")
    for content in (b"xx", Files().legacy(random_tensors(SMALL, seed=9))):
        weights.write_bytes(content)
        assert cli("cache", "verify").code == 3
        assert cli("fetch", hbb.DOI, "--run", "--json").json["run"]["weights"] == first


def test_another_file_never_silently_takes_the_place_of_one_that_cannot_be_read(cli, httpserver):
    members = {
        WEIGHTS: Files().legacy(random_tensors(SMALL))[:5000],
        "other.pth": Files().legacy(random_tensors(SMALL)),
    }
    hbb.serve(httpserver, hbb.archive(members))
    result = cli("fetch", hbb.DOI, "--run", "--json")
    assert result.code == 0, result.err
    (said,) = [line for line in result.json["run"]["warnings"] if "gnn_baseline_best.pth" in line]
    assert "truncated or its storages are damaged" in said
    assert said.endswith("The model that ran is other.pth.")
    assert "The model that ran is other.pth." in cli("fetch", hbb.DOI, "--run").err


def test_beside_an_unsafe_file_the_model_has_to_be_chosen(cli, httpserver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    members = {
        WEIGHTS: pickle.dumps(Attack(), protocol=2),
        "other.pth": Files().legacy(random_tensors(SMALL)),
    }
    hbb.serve(httpserver, hbb.archive(members))
    result = cli("fetch", hbb.DOI, "--run", "--json")
    assert (result.code, result.out) == (3, "")
    assert "Or choose another file with --file NAME: " in result.err
    assert cli("fetch", hbb.DOI, "--run", "--file", "*other.pth").code == 0
    assert not (tmp_path / "attacked").exists()


def test_a_member_of_an_archive_can_be_named(cli, httpserver):
    members = {
        WEIGHTS: Files().legacy(random_tensors(SMALL)),
        "models/other.pth": Files().legacy(random_tensors(SMALL, seed=5)),
    }
    hbb.serve(httpserver, hbb.archive(members))
    said = cli("fetch", hbb.DOI, "--run").err
    assert "has several models: " in said
    assert all(hbb.TOP + name in said for name in members)
    assert "--file NAME" in said
    result = cli("fetch", hbb.DOI, "--run", "--file", "*other.pth", "--json")
    assert result.code == 0, result.err
    assert result.json["run"]["weights"]["file"] == hbb.TOP + "models/other.pth"
    assert cli("fetch", hbb.DOI, "--file", "*none.pth").code == 1


def test_an_unsafe_pickle_in_a_compressed_weight_file_is_refused_as_unsafe(cli, httpserver):
    unsafe = zipped(("archive/data.pkl", pickle.dumps(Attack(), protocol=2)))
    hbb.serve(httpserver, hbb.archive({WEIGHTS: unsafe}))
    result = cli("fetch", hbb.DOI, "--run")
    assert result.code == 3, result.err


@pytest.mark.engines(*ENGINES)
def test_offline_the_files_of_another_object_are_never_given(cli, httpserver, settings, monkeypatch):
    """Another record that only refers to the DOI asked for has its files in the cache."""
    document = hbb.record(hbb.archive({"README.md": b"# Other"}), number=8000001)
    document["conceptdoi"], document["conceptrecid"] = "10.5281/zenodo.8000000", "8000000"
    document["metadata"]["alternate_identifiers"] = [{"identifier": hbb.DOI, "scheme": "doi"}]
    content = hbb.archive({"README.md": b"# Other"})
    document["files"][0] |= {"size": len(content), "checksum": f"md5:{hashlib.md5(content).hexdigest()}"}
    httpserver.expect_request("/zenodo/api/records/8000001").respond_with_json(document)
    httpserver.expect_request(f"/zenodo/api/records/8000001/files/{hbb.NAME}/content").respond_with_data(
        content, content_type="application/zip"
    )
    assert cli("fetch", "10.5281/zenodo.8000001").code == 0
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    assert cli("fetch", "10.5281/zenodo.8000001").code == 0
    assert cli("fetch", hbb.DOI).code == 4


@pytest.mark.engines(*ENGINES)
def test_a_concept_is_named_as_such_offline_too(cli, untrained, monkeypatch):
    cli("fetch", hbb.DOI)
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    for command in (["fetch"], ["show"], ["assess", "--offline"]):
        assert "concept DOI" in cli(*command[:1], hbb.CONCEPT, *command[1:]).err


@pytest.mark.engines(*ENGINES)
def test_a_withdrawn_record_is_named_as_it_was_asked_for(cli, httpserver):
    answer(httpserver, RECORD, status=410, response='{"tombstone": {"note": "Spam"}}')
    hbb.serve(httpserver, b"")
    assert f"{hbb.DOI} was withdrawn from Zenodo: Spam." in cli("fetch", hbb.DOI).err
