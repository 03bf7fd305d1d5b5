# SPDX-License-Identifier: MIT
"""The Python API, as a notebook uses it."""

import traceback

import numpy as np
import pytest

import fairreg
from fairreg.errors import ModelError, NotFound, UsageError
from fairreg.models.hbb_in.network import onnx_bytes
from fairreg.services.registry.shared_engine import close
from support import hbb
from support.deadlines import FAR
from support.graphs import model
from support.networks import SMALL, definition, random_jets, random_tensors
from support.weight_files import Files

WEIGHTS = "models/trained_models/gnn_baseline_best.pth"


@pytest.fixture(autouse=True)
def here(monkeypatch, environment):
    """This process sees the local services, as a user's environment would say."""
    for name, value in environment.items():
        if name.startswith("FAIRREG_") or name == "HF_ENDPOINT":
            monkeypatch.setenv(name, value)
    yield
    close()


def test_the_traceback_of_an_error_ends_with_its_hint():
    with pytest.raises(ModelError) as caught:
        fairreg.load("nothing.onnx")
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.endswith(f"ModelError: {caught.value.message}\nHint: {caught.value.hint}\n")


@pytest.mark.parametrize(("size", "rows"), [(None, None), ("whole", None), (2, 2)])
def test_load_takes_a_batch_size(tmp_path, size, rows):
    (tmp_path / "m.onnx").write_bytes(model("y = Softmax<axis=0>(x)").SerializeToString())
    runner = fairreg.load(tmp_path / "m.onnx", batch_size=size)
    assert (runner.batch_size, runner.batching.reason) == (rows, "requested" if size else "unknown")


@pytest.fixture(scope="module")
def tensors():
    return random_tensors(SMALL)


@pytest.fixture
def services(httpserver, tensors):
    hbb.serve(httpserver, hbb.archive({WEIGHTS: Files().legacy(tensors)}))


@pytest.fixture
def weights(tmp_path, tensors):
    path = tmp_path / "weights.pth"
    path.write_bytes(Files().legacy(tensors))
    return path


def test_search_finds_the_packaged_catalogue():
    report = fairreg.search("Hbb tagger", kind="model", limit=3)
    assert report.results[0].doi == hbb.DOI
    assert len(report.results) == 3


def test_live_search_says_how_each_source_answered(httpserver):
    httpserver.expect_request("/zenodo/api/records").respond_with_json({"hits": {"hits": [], "total": 0}})
    report = fairreg.search("Hbb tagger", live=True, source=["zenodo"], deadline=FAR)
    assert report.sources["zenodo"].status == "ok"
    with pytest.raises(UsageError):
        fairreg.search("", live=True)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"live": "no"}, "live is 'no'"),
        ({"runnable": "yes"}, "runnable is 'yes'"),
        ({"kind": "modle"}, "No record has the kind 'modle'"),
        ({"license": 5}, "license is 5; it takes a text"),
        ({"author": ["Rossi", None]}, "author is None"),
        ({"year": True}, "year is True"),
        ({"trained_on": object}, "trained_on is <class 'object'>"),
        ({"min_fair": 70}, "min_fair is 70; it takes a number from 0 to 1"),
        ({"min_fair": float("nan")}, "min_fair is nan"),
        ({"min_fair": True}, "min_fair is True"),
        ({"min_fair": "0.5"}, "min_fair is '0.5'; it takes a number"),
        ({"limit": "5"}, "limit is '5'"),
        ({"limit": 1.5}, "limit is 1.5"),
        ({"offset": None}, "offset is None"),
        ({"deadline": -1}, "deadline is -1"),
        ({"facets": 1}, "facets is 1"),
    ],
)
def test_a_search_names_the_argument_that_it_cannot_take(given, named):
    with pytest.raises(UsageError) as caught:
        fairreg.search("jet", **given)
    assert named in caught.value.message


@pytest.mark.parametrize("query", [None, ["jet"], b"jet"])
def test_a_query_is_a_text(query):
    with pytest.raises(UsageError, match="not a text"):
        fairreg.search(query)


def test_a_result_names_its_record_as_its_identifier_does():
    (row,) = fairreg.search(hbb.DOI, limit=1)
    record = fairreg.show(hbb.DOI)
    expected = fairreg.cite(hbb.DOI)
    with fairreg.Registry() as registry:
        entry = registry.entry_for(hbb.DOI)
    report = fairreg.assess(hbb.DOI, offline=True)
    for named in (row, record, entry, report):
        assert fairreg.cite(named) == expected
        assert fairreg.show(named).identifier == record.identifier
    assert fairreg.assess(row, offline=True).id == report.id


@pytest.mark.parametrize(
    "verb", ["show", "cite", "resolve", "fetch", "assess", "load", "run", "inspect", "lock"]
)
@pytest.mark.parametrize("named", [None, 5, {"identifier": "doi:10.1/a"}, object()])
def test_what_carries_no_identifier_is_refused(verb, named):
    with pytest.raises(UsageError):
        getattr(fairreg, verb)(named)


def test_a_file_is_validated_as_on_the_command_line(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(fairreg.show(hbb.DOI, format="json"))
    bad.write_text('{"identifier": "local:a", "kind": "modle", "name": "A"}')
    assert fairreg.validate(good).is_valid
    checked = fairreg.validate(str(bad))
    assert not checked.is_valid
    assert {item.path for item in checked.found.violations} >= {"$.kind"}


def test_a_registry_contains_what_it_gets(tmp_path):
    with fairreg.Registry() as registry:
        assert hbb.DOI in registry
        assert registry.get(hbb.DOI) in registry
        assert "10.5281/zenodo.1" not in registry
        assert "no identifier at all" not in registry
        assert 5 not in registry


def test_a_closed_registry_says_that_it_is_closed():
    registry = fairreg.Registry()
    with registry:
        assert registry.listing.count() > 100
    for ask in (
        lambda: registry.get(hbb.DOI),
        lambda: registry.search("jet"),
        lambda: next(iter(registry)),
        registry.listing.count,
    ):
        with pytest.raises(UsageError, match="closed"):
            ask()


def test_a_place_beyond_the_results_is_told_with_their_number():
    with pytest.raises(IndexError, match="3 results"):
        fairreg.search("Hbb tagger", limit=3)[3]


def test_resolve_fetch_and_assess_take_any_spelling(services, tmp_path):
    assert fairreg.resolve("https://zenodo.org/records/7305227").record.doi == hbb.DOI
    fetched = fairreg.fetch("zenodo.7305227", output=tmp_path / "out")
    assert [path.name for path in fetched.models] == ["gnn_baseline_best.pth"]
    assert (tmp_path / "out" / "hbb_interaction_network-v0.1.1.zip").is_file()
    assert set(fairreg.assess(hbb.DOI, offline=True).letters) == set("FAIR")


def test_load_gives_a_runner_with_predict_for_a_doi_and_for_a_file(services, weights, tensors):
    tracks, vertices = random_jets(5, SMALL)
    expected = definition(tensors, tracks, vertices)
    for source in (hbb.DOI, weights, str(weights)):
        runner = fairreg.load(source)
        assert [(item.name, item.dtype) for item in runner.inputs] == [
            ("input_cpf", "float32"),
            ("input_sv", "float32"),
        ]
        probabilities = runner.predict(tracks, vertices)
        assert (probabilities.shape, probabilities.dtype) == ((5, 2), np.float32)
        assert np.abs(probabilities - expected).max() < 1e-5


def test_load_runs_any_onnx_file_by_its_own_graph(tmp_path):
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", value[:1], value[1:])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    path = tmp_path / "relu.onnx"
    path.write_bytes(model.SerializeToString())
    runner = fairreg.load(path)
    assert runner.run({"x": np.array([[-1.0, 0.0, 2.0]], np.float32)})["y"].tolist() == [[0, 0, 2]]
    with pytest.raises(ModelError, match="x"):
        runner.run({"wrong": np.zeros((1, 3), np.float32)})


@pytest.mark.parametrize("missing", ["/nowhere/model.onnx", "weights.pth", "./model"])
def test_load_of_a_file_that_is_not_there_says_so(missing):
    with pytest.raises(ModelError, match="There is no file"):
        fairreg.load(missing)


def test_one_pattern_is_as_welcome_as_several(services):
    assert len(fairreg.fetch(hbb.DOI, file="*.zip").files) == 1
    with pytest.raises(NotFound):
        fairreg.fetch(hbb.DOI, file="*.none")


def test_a_fingerprint_depends_on_the_tensors_and_not_on_the_file(tmp_path, weights, tensors):
    other = tmp_path / "other.onnx"
    other.write_bytes(onnx_bytes(tensors))
    assert fairreg.fingerprint(weights) == fairreg.fingerprint(other)
    assert fairreg.fingerprint(weights).startswith("sha256:")


def test_a_registry_is_made_where_its_url_says(tmp_path, services):
    registry = fairreg.Registry(f"sqlite:///{tmp_path / 'mine.sqlite'}")
    with registry:
        assert registry.search("Hbb tagger").hits[0].record.doi == hbb.DOI
        record = fairreg.ModelRecord.from_jsonld(registry.get(hbb.CONCEPT).to_jsonld())
        assert registry.put(record).outcome in {"new", "unchanged"}
        report = registry.harvest("zenodo", query="hbb", limit=5)
        assert report.new == 1
        with pytest.raises(NotFound):
            registry.get("10.1234/none")
    assert (tmp_path / "mine.sqlite").is_file()


def test_a_harvester_maps_a_saved_payload_without_a_network(httpserver):
    record = fairreg.harvesters.get("zenodo").to_record(hbb.record(b"content"))
    assert record.doi == hbb.DOI
    assert httpserver.log == []


@pytest.mark.parametrize("named", [7, [7], b"10.1/a", [["10.1/a"]], None])
def test_a_lock_of_what_is_no_identifier_is_wrong_usage(named):
    with pytest.raises(UsageError, match="neither an identifier nor a result"):
        fairreg.lock(named)


def test_models_are_compared_locked_and_verified(services, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [item.status for item in fairreg.diff(hbb.DOI, weights).weights] == ["same"]
    lock = fairreg.lock(hbb.DOI)
    assert [model.identifier for model in lock.models] == [f"doi:{hbb.DOI}"]
    assert fairreg.lock([hbb.DOI]) == fairreg.lock(iter([hbb.DOI])) == lock
    report = fairreg.verify()
    assert (report.exit_code, report.is_as_locked, report.fault) == (0, True, None)
    assert [item.status for item in report.models[0].files] == ["same"]


def test_a_registry_is_exported_and_imported_again_with_its_progress(tmp_path):
    seen = []
    counts = fairreg.export(tmp_path / "all.jsonl")
    taken = fairreg.import_(tmp_path / "all.jsonl", progress=lambda done, total: seen.append((done, total)))
    assert (taken["new"], taken["changed"], taken["unchanged"]) == (0, 0, counts["statements"])
    assert seen[-1][0] >= counts["statements"] > 0
    fairreg.import_(tmp_path / "all.jsonl")


def test_the_installation_is_examined_in_python_as_by_the_command(monkeypatch, environment):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    report = fairreg.doctor()
    assert str(report.home) == environment["FAIRREG_HOME"]
    assert report.versions.fairreg == fairreg.__version__


def test_a_harvest_tells_its_progress_only_to_who_asks(services, capfd):
    seen = []
    report = fairreg.harvest(
        "zenodo", query="hbb", limit=5, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1][0] == report.seen > 0
    fairreg.harvest("zenodo", query="hbb", limit=5)
    assert capfd.readouterr() == ("", "")


def test_a_harvest_into_a_registry_of_its_own_tells_its_progress_only_to_who_asks(services, tmp_path, capfd):
    seen = []
    with fairreg.Registry(f"sqlite:///{tmp_path / 'own.sqlite'}") as registry:
        report = registry.harvest(
            "zenodo", query="hbb", limit=5, progress=lambda done, total: seen.append((done, total))
        )
        assert seen[-1][0] == report.seen > 0
        registry.harvest("zenodo", query="hbb", limit=5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("stated", ["/tmp/x.sqlite", "", 5])
def test_a_registry_says_how_the_url_of_a_file_is_written(stated):
    with pytest.raises(UsageError, match="takes a database URL") as raised:
        fairreg.Registry(stated)
    assert "sqlite:////tmp/x.sqlite" in raised.value.hint
