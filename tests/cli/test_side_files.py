# SPDX-License-Identifier: MIT
"""Records whose models have side files, or that hold several models: fetched, run and chosen from."""

import hashlib
import io
import json
import tarfile
import zipfile

import numpy as np
import pytest

import fairreg
from fairreg.errors import ModelError, UsageError
from fairreg.services.registry.shared_engine import close
from support import hbb, hub
from support.side_file_graphs import X, inline, outputs, save_external

pytestmark = pytest.mark.engines("sqlite")
REPOSITORY = "lab/tagger"


@pytest.fixture
def pair(tmp_path):
    """The bytes of a model and of its side file ``tagger.onnx.data``."""
    return save_external(tmp_path / "made" / "tagger.onnx")


@pytest.fixture
def x(tmp_path):
    np.savez(tmp_path / "x.npz", x=X)
    return tmp_path / "x.npz"


@pytest.fixture
def runs(cli, tmp_path, x):
    """Run what an identifier or path names; gives the result and the outputs."""

    def run(model, *more):
        result = cli("run", model, "--input", x, "--output", tmp_path / "y.npz", "--json", *more)
        return result, np.load(tmp_path / "y.npz")["y"] if result.code == 0 else None

    return run


def test_a_model_of_a_record_is_fetched_and_run_with_its_side_file(runs, cli, httpserver, pair):
    graph, side = pair
    files = {"m/tagger.onnx": graph, "m/tagger.onnx.data": side, "m/notes.data": b"x", "README.md": b"# R"}
    pid = hub.serve(httpserver, REPOSITORY, files)
    result, y = runs(pid)
    assert result.code == 0, result.err
    np.testing.assert_allclose(y, outputs(), atol=1e-6)
    first = result.json["weights"]
    httpserver.clear()
    assert runs(pid)[0].json["weights"] == first  # from the cache
    listed = cli("fetch", pid, "--json").json["files"]
    assert [item["name"] for item in listed] == list(files)
    (path,) = (item["path"] for item in listed if item["name"] == "m/tagger.onnx")
    assert runs(path)[0].json["weights"]["sha256"] == first["sha256"]


@pytest.mark.parametrize("pattern", ["tagger.onnx", "m/tagger.onnx", "*.onnx"])
def test_a_chosen_model_brings_its_side_files_and_nothing_else(runs, cli, httpserver, pair, pattern):
    graph, side = pair
    files = {"m/tagger.onnx": graph, "m/tagger.onnx.data": side, "m/notes.data": b"x", "README.md": b"# R"}
    pid = hub.serve(httpserver, REPOSITORY, files)
    listed = cli("fetch", pid, "--file", pattern, "--json").json["files"]
    assert [item["name"] for item in listed] == ["m/tagger.onnx", "m/tagger.onnx.data"]
    np.testing.assert_allclose(runs(pid, "--file", pattern)[1], outputs(), atol=1e-6)


def test_a_side_file_that_the_record_lacks_is_named(runs, httpserver, pair):
    result, _ = runs(
        hub.serve(httpserver, REPOSITORY, {"m/tagger.onnx": pair[0], "tagger.onnx.data": pair[1]})
    )
    assert result.code == 1
    assert "tagger.onnx keeps tensors in 'tagger.onnx.data', which is not beside it" in result.err


def test_a_model_that_names_a_file_outside_its_folder_is_refused_though_the_record_has_it(
    runs, httpserver, pair
):
    graph, side = pair
    files = {"m/tagger.onnx": graph.replace(b"tagger.onnx.data", b"../ger.onnx.data"), "ger.onnx.data": side}
    result, _ = runs(hub.serve(httpserver, REPOSITORY, files))
    assert result.code == 3, result.err
    assert "'../ger.onnx.data'" in result.err


def test_a_side_file_in_a_folder_of_the_name_of_its_model_is_missing(runs, httpserver, tmp_path):
    """No disk can hold both, whatever a record lists."""
    graph, side = save_external(tmp_path / "made" / "m.onnx", "n.onnx/w")
    result, _ = runs(hub.serve(httpserver, REPOSITORY, {"n.onnx": graph, "n.onnx/w": side}))
    assert (result.code, "'n.onnx/w', which is not beside it" in result.err) == (1, True), result.err


def _zip(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return "all.zip", stream.getvalue()


def _tar(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return "all.tar.gz", stream.getvalue()


@pytest.mark.parametrize("pack", [_zip, _tar])
def test_a_side_file_beside_its_model_in_an_archive_is_read(runs, httpserver, tmp_path, pack):
    """As ``weights.bin`` it could pass for a PyTorch file."""
    graph, side = save_external(tmp_path / "made" / "tagger.onnx", "weights.bin")
    name, content = pack({"v1/tagger.onnx": graph, "v1/weights.bin": side})
    result, y = runs(hub.serve(httpserver, REPOSITORY, {name: content}))
    assert result.code == 0, result.err
    np.testing.assert_allclose(y, outputs(), atol=1e-6)


def test_copies_in_a_folder_of_the_user_run(runs, cli, httpserver, tmp_path):
    """Two models whose side files share a name, one in a folder below it, one with a sign in its name."""
    files = {}
    for seed, (name, place) in enumerate([("a/epoch=3.onnx", "w/all.data"), ("b/tagger.onnx", "all.data")]):
        folder = name.partition("/")[0]
        files[name], files[f"{folder}/{place}"] = save_external(tmp_path / "made" / name, place, seed)
    files["b/epoch=3.onnx.md"] = b"# notes"
    result = cli("fetch", hub.serve(httpserver, REPOSITORY, files), "--output", tmp_path / "out")
    assert result.code == 0, result.err
    copies = sorted((tmp_path / "out").rglob("*.onnx"))
    assert len(copies) == 2
    for seed, path in enumerate(copies):
        np.testing.assert_allclose(runs(path)[1], outputs(seed), atol=1e-6)


def test_copies_beside_each_other_keep_the_names_that_the_model_looks_for(runs, cli, httpserver, tmp_path):
    graph, side = save_external(tmp_path / "made" / "epoch=3.onnx")
    files = {"m/epoch=3.onnx": graph, "m/epoch=3.onnx.data": side}
    cli("fetch", hub.serve(httpserver, REPOSITORY, files), "--output", tmp_path / "out")
    assert (tmp_path / "out" / "epoch=3.onnx.data").is_file()
    (copy,) = (tmp_path / "out").glob("*.onnx")
    np.testing.assert_allclose(runs(copy)[1], outputs(), atol=1e-6)


def test_a_cached_side_file_that_was_changed_is_put_right(runs, cli, httpserver, settings, pair, tmp_path):
    pid = hub.serve(httpserver, REPOSITORY, {"tagger.onnx": pair[0], "tagger.onnx.data": pair[1]})
    first = runs(pid)[0].json["weights"]
    (kept,) = (settings.cache / "gathered").rglob("tagger.onnx.data")
    kept.unlink()
    for content in (None, b"other"):
        if content:
            kept.unlink()
            kept.write_bytes(content)
        else:
            kept.symlink_to(tmp_path / "made" / "tagger.onnx.data")
        assert runs(pid)[0].json["weights"] == first
    assert cli("cache", "clear", "--yes").code == 0
    assert not (settings.cache / "gathered").exists()


def test_outputs_of_other_weights_in_the_side_file_are_computed_again(cli, tmp_path, x):
    _, side = save_external(tmp_path / "m" / "tagger.onnx")
    np.savez(tmp_path / "z.npz", x=X)
    arguments = ("run", tmp_path / "m" / "tagger.onnx", "--input", x, "--input", tmp_path / "z.npz", "--json")
    runs = [cli(*arguments, "--output", tmp_path / "out").json for _ in range(2)]
    assert [item["skipped"] for item in runs[1]["files"]] == [True, True]
    (tmp_path / "m" / "tagger.onnx.data").write_bytes(bytes(4) + side[4:])
    again = cli(*arguments, "--output", tmp_path / "out").json
    assert [item["skipped"] for item in again["files"]] == [False, False]
    assert again["weights"]["sha256"] != runs[0]["weights"]["sha256"]


def test_equal_weights_link_records_with_and_without_side_files(cli, httpserver, pair):
    hub.serve(httpserver, "lab/inline", {"tagger.onnx": inline().SerializeToString()})
    hub.serve(httpserver, "lab/beside", {"tagger.onnx": pair[0], "tagger.onnx.data": pair[1]})
    for name in ("lab/inline", "lab/beside"):
        assert cli("fetch", f"huggingface:{name}").code == 0
    shown = cli("show", "huggingface:lab/inline").out
    assert "equal weights sha256:" in shown
    assert "huggingface:lab/beside" in shown


def test_several_models_are_listed_and_one_is_chosen_by_its_name(runs, httpserver):
    one, two = (inline(seed).SerializeToString() for seed in (1, 2))
    three = inline(3).SerializeToString()
    files = {"a/m.onnx": one, "m.onnx": two, "b/m[1].onnx": three, "copy.onnx": three}
    pid = hub.serve(httpserver, REPOSITORY, files)
    result, _ = runs(pid)
    assert result.code == 1
    assert f"{pid} has several models: a/m.onnx, m.onnx, b/m[1].onnx." in result.err
    assert "--file NAME" in result.err
    for name, seed in (("a/m.onnx", 1), ("m.onnx", 2), ("b/m[1].onnx", 3), ("m[[]1].onnx", 3)):
        np.testing.assert_allclose(runs(pid, "--file", name)[1], outputs(seed), atol=1e-6)


def test_copies_of_one_model_are_no_choice(runs, httpserver, pair):
    """Equal graphs with other weights in their side files are."""
    graph, side = pair
    files = {
        f"{folder}/tagger.onnx{end}": content
        for folder in "ab"
        for end, content in (("", graph), (".data", side))
    }
    np.testing.assert_allclose(runs(hub.serve(httpserver, REPOSITORY, files))[1], outputs(), atol=1e-6)
    files["b/tagger.onnx.data"] = bytes(4) + side[4:]
    result, _ = runs(hub.serve(httpserver, "lab/more", files))
    assert "has several models: a/tagger.onnx, b/tagger.onnx." in result.err


def test_models_in_an_archive_are_chosen_by_name(runs, httpserver):
    name, content = _zip({f"v1/{seed}.onnx": inline(seed).SerializeToString() for seed in (1, 2)})
    pid = hub.serve(httpserver, REPOSITORY, {name: content})
    assert "has several models: v1/1.onnx, v1/2.onnx." in runs(pid)[0].err
    np.testing.assert_allclose(runs(pid, "--file", "v1/2.onnx")[1], outputs(2), atol=1e-6)


def test_beside_a_damaged_file_the_only_graph_runs_and_the_damage_is_said(runs, httpserver):
    files = {"m.onnx": inline().SerializeToString(), "old.pth": b"\x80\x02}q\x00."}
    result, y = runs(hub.serve(httpserver, REPOSITORY, files))
    assert result.code == 0, result.err
    np.testing.assert_allclose(y, outputs(), atol=1e-6)
    (warning,) = result.json["warnings"]
    assert warning.startswith("old.pth ")
    assert warning.endswith("The model that ran is m.onnx.")


def test_beside_an_unsafe_file_the_hint_names_the_others(runs, httpserver):
    files = {"m.onnx": inline().SerializeToString(), "old.pth": b"\x80\x02cos\nsystem\n."}
    pid = hub.serve(httpserver, REPOSITORY, files)
    result, _ = runs(pid)
    assert result.code == 3
    assert "choose another file with --file NAME: m.onnx.\n" in result.err
    np.testing.assert_allclose(runs(pid, "--file", "m.onnx")[1], outputs(), atol=1e-6)


def test_of_a_record_without_a_known_network_the_hint_says_how_to_run_its_model(cli, httpserver):
    models = {f"{name}.onnx": inline(seed).SerializeToString() for seed, name in enumerate("ab")}
    pid = hub.serve(httpserver, REPOSITORY, models)
    for name, *chosen in (("a.onnx",), ("b.onnx", "--file", "b.onnx")):
        result = cli("fetch", pid, "--run", *chosen)
        assert result.code == 1
        assert f"arrays: fairreg run {pid} --file {name} --input FILE\n" in result.err
    other = hub.serve(httpserver, "lab/text", {"README.md": b"# R"})
    assert "No file of huggingface:lab/text contains a model" in cli("fetch", other, "--run").err


def test_a_pattern_for_a_file_of_the_user_is_wrong_usage(runs, tmp_path):
    save_external(tmp_path / "m.onnx")
    result, _ = runs(tmp_path / "m.onnx", "--file", "m.onnx")
    assert (result.code, "is a file" in result.err) == (2, True)


def test_python_loads_models_of_records_as_the_command_does(
    monkeypatch, environment, httpserver, tmp_path, pair
):
    for name, value in environment.items():
        if name.startswith("FAIRREG_") or name == "HF_ENDPOINT":
            monkeypatch.setenv(name, value)
    files = {"tagger.onnx": pair[0], "tagger.onnx.data": pair[1]}
    pid = hub.serve(httpserver, REPOSITORY, files)
    np.testing.assert_allclose(fairreg.load(pid).run({"x": X})["y"], outputs(), atol=1e-6)
    more = hub.serve(httpserver, "lab/more", {**files, "v2/tagger.onnx": inline(2).SerializeToString()})
    with pytest.raises(ModelError, match=r"has several models: tagger\.onnx, v2/tagger\.onnx") as caught:
        fairreg.load(more)
    assert "file=NAME" in caught.value.hint
    np.testing.assert_allclose(
        fairreg.load(more, file="tagger.onnx").run({"x": X})["y"], outputs(), atol=1e-6
    )
    np.testing.assert_allclose(fairreg.load(more, file="v2/*").run({"x": X})["y"], outputs(2), atol=1e-6)
    with pytest.raises(UsageError, match="is a file"):
        fairreg.load(tmp_path / "made" / "tagger.onnx", file="tagger.onnx")
    close()


SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("pattern", "more"), [("*.safetensors", INDEX), (INDEX, SHARDS[0]), (SHARDS[1], INDEX)]
)
def test_shards_and_their_index_come_together_and_lie_in_one_folder(cli, httpserver, pattern, more):
    index = json.dumps({"weight_map": {"a": SHARDS[0], "b": SHARDS[1]}}).encode()
    files = {f"w/{SHARDS[0]}": b"1" * 20, f"w/{SHARDS[1]}": b"2" * 20, f"w/{INDEX}": index, "w/x.json": b"{}"}
    pid = hub.serve(httpserver, REPOSITORY, files)
    listed = cli("fetch", pid, "--file", pattern, "--json").json["files"]
    names = {item["name"] for item in listed}
    assert f"w/{more}" in names
    assert "w/x.json" not in names
    assert len({item["path"].rpartition("/")[0] for item in listed}) == 1


def test_models_of_a_zenodo_record_run_by_its_doi(runs, httpserver, pair):
    """Its files have no folders."""
    contents = {"tagger.onnx": pair[0], "tagger.onnx.data": pair[1]}
    base, documents = "/zenodo/api/records/7305227", hbb.record(b"")
    (entry,) = documents["files"]
    documents["files"] = [
        {
            **entry,
            "key": name,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
            "links": {"self": f"https://zenodo.org/api/records/7305227/files/{name}/content"},
        }
        for name, content in contents.items()
    ]
    httpserver.expect_request(base).respond_with_json(documents)
    for name, content in contents.items():
        httpserver.expect_request(f"{base}/files/{name}/content").respond_with_data(content)
    result, y = runs("https://zenodo.org/records/7305227")
    assert result.code == 0, result.err
    np.testing.assert_allclose(y, outputs(), atol=1e-6)
