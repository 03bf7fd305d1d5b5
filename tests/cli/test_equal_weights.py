# SPDX-License-Identifier: MIT
"""Fetched weights link records: the same tensors on Zenodo and on the Hugging Face Hub are one model."""

import json

import pytest
from msgspec.structs import replace

from fairreg.errors import RegistryError
from fairreg.registry import Registry
from fairreg.runners.weights import RULE, fingerprint_of
from support import hbb, hub
from support.networks import SMALL, random_tensors
from support.weight_files import Files

WEIGHTS, OTHER = "models/trained_models/gnn_baseline_best.pth", "models/other.pth"
COPY = "lab/quark-flavours"
ONE, TWO = random_tensors(SMALL), random_tensors(SMALL, seed=5)


def serve_zenodo(httpserver, members):
    hbb.serve(httpserver, hbb.archive(members))


def serve_hub(httpserver, files):
    hub.serve(httpserver, COPY, files)


def fetch_both(cli):
    for pid in (hbb.DOI, f"huggingface:{COPY}"):
        result = cli("fetch", pid)
        assert result.code == 0, result.err


def are_one(settings):
    """Whether search gives both places as one model."""
    with Registry(settings=settings) as registry:
        (hit,) = registry.search(COPY, limit=1).hits
        found = {entry.identifier for entry in (hit.entry, *hit.lineage_members)}
    assert f"huggingface:{COPY}" in found
    return f"doi:{hbb.DOI}" in found


def test_equal_weights_in_two_places_are_one_model_and_show_says_why(cli, httpserver, settings):
    serve_zenodo(httpserver, {WEIGHTS: Files().legacy(ONE)})
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE), "README.md": b"# Copy"})
    fetch_both(cli)
    assert are_one(settings)
    shown = " ".join(cli("show", f"huggingface:{COPY}").out.split())
    assert "equal weights sha256:" in shown
    assert "computed from model.safetensors" in shown


def test_unequal_weights_stay_apart(cli, httpserver, settings):
    serve_zenodo(httpserver, {WEIGHTS: Files().legacy(ONE)})
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(TWO)})
    fetch_both(cli)
    assert not are_one(settings)


def test_one_file_of_a_collection_joins_nothing_but_a_copy_of_the_collection_does(cli, httpserver, settings):
    serve_zenodo(httpserver, {WEIGHTS: Files().legacy(ONE), OTHER: Files().legacy(TWO)})
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    fetch_both(cli)
    assert not are_one(settings)
    with Registry(settings=settings) as registry:
        held = [item.scheme for item in registry.get(hbb.DOI).identifiers]
    assert (held.count("file_fingerprint"), held.count("fingerprint")) == (2, 1)
    httpserver.clear()
    serve_hub(httpserver, {"a.safetensors": Files.safetensors(TWO), "b.safetensors": Files.safetensors(ONE)})
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    assert are_one(settings)


@pytest.mark.shared
def test_the_published_archive_is_a_collection_that_its_baseline_alone_does_not_join(
    cli, httpserver, settings, shared
):
    members = hbb.published_members(shared)
    serve_zenodo(httpserver, members)
    serve_hub(httpserver, {"model.pth": members[WEIGHTS]})
    fetch_both(cli)
    assert not are_one(settings)
    with Registry(settings=settings) as registry:
        files = [item for item in registry.get(hbb.DOI).identifiers if item.scheme == "file_fingerprint"]
        single = registry.get(f"huggingface:{COPY}").value_of("fingerprint")
    # 32 weight files and an ONNX file hold 31 different sets of tensors (published/README.md).
    assert len(files) == 31
    assert single in {item.value for item in files}


def test_a_part_of_the_files_says_nothing_of_the_whole(cli, httpserver, settings):
    serve_zenodo(httpserver, {WEIGHTS: Files().legacy(ONE)})
    serve_hub(httpserver, {"a.safetensors": Files.safetensors(ONE), "b.safetensors": Files.safetensors(TWO)})
    assert cli("fetch", hbb.DOI).code == 0
    assert cli("fetch", f"huggingface:{COPY}", "--file", "a.safetensors").code == 0
    assert not are_one(settings)


def test_files_without_tensors_or_that_cannot_be_read_have_no_fingerprint(cli, httpserver, settings):
    serve_zenodo(httpserver, {"empty.safetensors": Files.safetensors({}), "stub.pth": b"not weights"})
    serve_hub(httpserver, {"model.safetensors": Files.safetensors({})})
    fetch_both(cli)
    assert not are_one(settings)
    with Registry(settings=settings) as registry:
        assert "fairreg" not in registry.entry_for(hbb.DOI).sources


def test_a_fingerprint_outlives_what_the_source_says_next_and_follows_the_files(cli, httpserver, settings):
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    pid = f"huggingface:{COPY}"

    def fingerprint():
        assert cli("fetch", pid).code == 0
        with Registry(settings=settings) as registry:
            said = next(item for item in registry.statements.of_entry(pid) if item.source == "huggingface")
            registry.put(said.record)
            return registry.get(pid).value_of("fingerprint")

    first = fingerprint()
    httpserver.clear()
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(TWO)})
    second = fingerprint()
    httpserver.clear()
    serve_hub(httpserver, {"README.md": b"# Nothing is left"})
    assert first.startswith("sha256:")
    assert second not in {None, first}
    assert fingerprint() is None


def test_the_same_files_are_not_read_again(cli, httpserver, monkeypatch):
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    monkeypatch.setattr(
        "fairreg.services.fetch.fingerprints.candidates", lambda *_: pytest.fail("read again")
    )
    assert cli("fetch", f"huggingface:{COPY}").code == 0


def test_a_registry_that_cannot_be_written_does_not_spoil_a_fetch(cli, httpserver, monkeypatch):
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    cli("db", "init")

    def refuse(*_arguments, **_named):
        raise RegistryError("The registry cannot be written.")

    monkeypatch.setattr(Registry, "put", refuse)
    result = cli("fetch", f"huggingface:{COPY}", "--json")
    assert result.code == 0, result.err
    assert result.json["files"][0]["verified"]
    assert "cannot be written" in result.err


def test_kept_fingerprints_do_not_keep_a_withdrawn_record_alive(cli, httpserver, settings):
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    with Registry(settings=settings) as registry:
        registry.statements.withdraw("huggingface", COPY, "Deleted.")
        assert registry.entry_for(f"huggingface:{COPY}").gone


def with_average(model, average):
    """A checkpoint with a network and its moving average."""
    both = {**{f"model/{name}": array for name, array in model.items()}}
    both |= {f"ema/{name}": array for name, array in average.items()}

    def build(op, pieces):
        parts = {
            place: op.mapping({name: pieces[f"{place}/{name}"] for name in model})
            for place in ("model", "ema")
        }
        return op.mapping({**parts, "epoch": op.integer(3)})

    return Files().checkpoint(both, build)


def test_a_checkpoint_joins_by_its_model_and_lists_its_average(cli, httpserver, settings):
    serve_zenodo(httpserver, {WEIGHTS: with_average(ONE, TWO)})
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    fetch_both(cli)
    assert are_one(settings)
    with Registry(settings=settings) as registry:
        held = registry.get(hbb.DOI).identifiers
    places = {item.value: item.evidence for item in held if item.scheme == "file_fingerprint"}
    model, average = (fingerprint_of(tensors) for tensors in (ONE, TWO))
    assert [item.value for item in held if item.scheme == "fingerprint"] == [model]
    assert f"model in {hbb.TOP}" in places[model]
    assert f"ema in {hbb.TOP}" in places[average]
    assert places[average].endswith(f", rule {RULE}")


def shards(tensors, folder=""):
    """Two shards and their index, by file name."""
    names = list(tensors)
    parts = {"model-1.safetensors": names[:3], "model-2.safetensors": names[3:]}
    weight_map = {name: shard for shard, held in parts.items() for name in held}
    files = {
        shard: Files.safetensors({name: tensors[name] for name in held}) for shard, held in parts.items()
    }
    files["model.safetensors.index.json"] = json.dumps({"weight_map": weight_map}).encode()
    return {folder + name: content for name, content in files.items()}


@pytest.mark.parametrize("folder", ["", "unet/"])
def test_shards_of_an_index_are_one_model(cli, httpserver, settings, folder):
    serve_zenodo(httpserver, {WEIGHTS: Files().legacy(ONE)})
    serve_hub(httpserver, shards(ONE, folder))
    fetch_both(cli)
    assert are_one(settings)


def test_shards_in_an_archive_are_one_model(cli, httpserver, settings):
    serve_zenodo(httpserver, shards(ONE, "models/"))
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    fetch_both(cli)
    assert are_one(settings)


def test_a_set_without_one_of_its_shards_has_no_fingerprint(cli, httpserver, settings):
    present = shards(ONE)
    del present["model-2.safetensors"]
    serve_hub(httpserver, present)
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    with Registry(settings=settings) as registry:
        assert registry.get(f"huggingface:{COPY}").value_of("fingerprint") is None


def age(settings, pid):
    """Give the stored fingerprints of `pid` the rule of fairreg 0.1.0."""
    with Registry(settings=settings) as registry:
        (said,) = (item for item in registry.statements.of_entry(pid) if item.source == "fairreg")
        old = [
            replace(item, evidence=item.evidence and item.evidence.removesuffix(f", rule {RULE}"))
            for item in said.record.identifiers
        ]
        payload = json.dumps(json.loads(said.payload) | {"rules": "1"}).encode()
        registry.put(
            replace(said.record, identifiers=tuple(old)), payload=payload, media_type="application/json"
        )


def test_fingerprints_of_two_rules_link_nothing_until_they_are_computed_again(cli, httpserver, settings):
    serve_zenodo(httpserver, {WEIGHTS: Files().legacy(ONE)})
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    fetch_both(cli)
    age(settings, f"huggingface:{COPY}")
    assert not are_one(settings)
    upgraded = cli("db", "upgrade")
    assert "Fingerprints of 1 records were computed again" in upgraded.err
    assert are_one(settings)
    again = cli("db", "upgrade").err
    assert again == "The registry has the schema, the catalogue and the rules of this release already.\n"


def test_a_fetch_computes_fingerprints_of_an_earlier_rule_again(cli, httpserver, settings):
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    age(settings, f"huggingface:{COPY}")
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    with Registry(settings=settings) as registry:
        held = registry.get(f"huggingface:{COPY}").identifiers
    assert [item.evidence.endswith(f", rule {RULE}") for item in held if item.scheme == "fingerprint"] == [
        True
    ]


def test_without_the_files_an_earlier_fingerprint_stays_with_its_rule(cli, httpserver, settings):
    serve_hub(httpserver, {"model.safetensors": Files.safetensors(ONE)})
    assert cli("fetch", f"huggingface:{COPY}").code == 0
    age(settings, f"huggingface:{COPY}")
    assert cli("cache", "clear", "--yes").code == 0
    assert "Fingerprints of 1 records keep an earlier rule" in cli("db", "upgrade").err
    with Registry(settings=settings) as registry:
        assert registry.get(f"huggingface:{COPY}").value_of("fingerprint") == fingerprint_of(ONE)
