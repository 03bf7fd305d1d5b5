# SPDX-License-Identifier: MIT
"""The fused kernel gives the probabilities of the definition, for every network, jet, batch and thread."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from fairreg import runners
from fairreg.errors import MissingEngine, ModelError, OtherGraph, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.fused import engine as fused_engine
from fairreg.models.hbb_in.fused.code import VectorUnit, vector_unit
from fairreg.models.hbb_in.fused.compiling import host_unit, machine_code
from fairreg.models.hbb_in.fused.kernel import source
from fairreg.models.hbb_in.fused.layout import CompiledLayout
from fairreg.models.hbb_in.fused.plan import planned
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.packing import NumpyLayout
from fairreg.models.hbb_in.pairwise import definition, pairwise_bytes
from fairreg.models.hbb_in.published import kept_features, published_names
from fairreg.models.hbb_in.runner import build
from fairreg.runners.weights import read_tensors
from support.examples import examples
from support.networks import FOUNDING, PAPER, TRACKS_ONLY, WITH_UNUSED, random_jets, random_tensors

TOLERANCE = 1e-5
TINY = Hyperparameters(track_features=5, vertex_features=3, hidden=7, d_e=4, d_o=6)
# AVX-512, AVX2, SSE and NEON: LLVM makes do with the instructions that there are.
UNITS = [VectorUnit(16, 2, 12), VectorUnit(8, 2, 6), VectorUnit(4, 2, 6), VectorUnit(4, 2, 12)]


def fused(tensors, **options):
    return build(tensors, runtime="fused", **options)


def check(tensors, jets, runner=None):
    found = (runner or fused(tensors)).predict(*jets)
    expected = definition(tensors)(*jets)
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
    return found


@pytest.mark.parametrize("sizes", [PAPER, FOUNDING, TRACKS_ONLY, WITH_UNUSED, TINY], ids=range(5))
def test_it_agrees_with_the_definition_on_random_and_padded_jets(sizes):
    found = check(random_tensors(sizes), random_jets(20, sizes))
    assert np.ptp(found[:, 1]) > 0.01


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.width}-{unit.outputs}")
@pytest.mark.parametrize("sizes", [PAPER, TRACKS_ONLY, TINY], ids=["paper", "tracks", "tiny"])
def test_every_width_of_vectors_gives_the_same(monkeypatch, sizes, unit):
    monkeypatch.setattr(fused_engine, "host_unit", lambda: unit)
    check(random_tensors(sizes), random_jets(8, sizes))


layers = st.sampled_from(["fr1", "fr2", "fr3", "fr1_pv", "fr2_pv", "fr3_pv", "fo1", "fo2", "fo3"])


@st.composite
def networks(draw):
    number = st.integers(1, 40)
    sizes = Hyperparameters(draw(number), draw(number), draw(st.integers(1, 64)), draw(number), draw(number))
    widths = draw(st.dictionaries(layers, st.integers(1, 64), max_size=3))
    # The paper's own widths of the last layers are the dimensions of the representations.
    kept = {name: width for name, width in widths.items() if name not in {"fr1", "fr3", "fo3"}}
    return replace(sizes, widths=tuple(item for item in kept.items() if item[1] != sizes.width(item[0])))


@settings(max_examples=examples(6), deadline=None)
@given(networks(), st.sampled_from(UNITS), st.integers(0, 99))
def test_networks_of_any_widths_agree(sizes, unit, seed):
    tensors, jets = random_tensors(sizes, seed), random_jets(6, sizes, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fused_engine, "host_unit", lambda: unit)
        check(tensors, jets)


@pytest.mark.sliced(4)
@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(published_names().values()))
def test_every_published_file_agrees_with_the_definition(shared, name):
    path = shared / "published/hbb_interaction_network-v0.1.1/models/trained_models" / name
    runner = hbb_in.load(path, runtime="fused")
    kept, jets = kept_features(path, runner.hyperparameters), hbb_in.sample()
    packaged = jets.tracks[:6, list(kept.tracks)], jets.vertices[:6, list(kept.vertices)]
    for given_jets in (packaged, random_jets(6, runner.hyperparameters)):
        check(read_tensors(path), given_jets, runner)


def jets_of(n_tracks, n_vertices, count=3):
    tracks, vertices = (
        np.random.default_rng(5).normal(size=(count, features, slots)).astype(np.float32)
        for features, slots in ((30, 60), (14, 5))
    )
    tracks[:, :, n_tracks:], vertices[:, :, n_vertices:] = 0, 0
    return tracks, vertices


def test_jets_with_few_and_many_tracks_and_vertices_agree():
    kinds = [jets_of(c, v, 1) for c in (0, 1, 2, 15, 16, 17, 31, 32, 33, 59, 60) for v in (0, 1, 5)]
    check(random_tensors(PAPER), [np.concatenate(arrays) for arrays in zip(*kinds, strict=True)])


@pytest.mark.parametrize("count", [0, 1])
def test_no_jet_and_one_jet_have_as_many_probabilities(count):
    tracks, vertices = random_jets(3, PAPER)
    runner = fused(random_tensors(PAPER))
    found = runner.predict(tracks[:count], vertices[:count])
    assert found.shape == (count, 2)
    np.testing.assert_array_equal(found, runner.predict(tracks, vertices)[:count])


def test_slots_of_negative_zeros_are_empty():
    tensors, (tracks, vertices) = random_tensors(PAPER), jets_of(20, 2)
    expected = fused(tensors).predict(tracks, vertices)
    tracks[:, ::2, 20:] = -0.0
    np.testing.assert_array_equal(fused(tensors).predict(tracks, vertices), expected)


def views(array):
    """The same jets in memory of every kind."""
    wide = np.repeat(array, 2, axis=2)
    raw = np.empty(array.nbytes + 1, np.uint8)
    unaligned = raw[1:].view(array.dtype).reshape(array.shape)
    unaligned[:] = array
    fixed = array.copy()
    fixed.flags.writeable = False
    yield from (np.asfortranarray(array), wide[:, :, ::2], array[::-1].copy()[::-1], unaligned, fixed)
    yield from (array.astype(">f4"), array.astype(np.float64))


def test_memory_of_every_kind_gives_the_same():
    runner, (tracks, vertices) = fused(random_tensors(PAPER)), random_jets(40, PAPER)
    expected = runner.predict(tracks, vertices)
    for pair in zip(views(tracks), views(vertices), strict=True):
        np.testing.assert_array_equal(runner.predict(*pair), expected)


def test_half_precision_is_taken_as_by_the_other_runtimes():
    tensors = random_tensors(PAPER)
    jets = [array.astype(np.float16) for array in random_jets(10, PAPER)]
    expected = build(tensors).predict(*jets)
    np.testing.assert_allclose(fused(tensors).predict(*jets), expected, rtol=0, atol=TOLERANCE)


def test_what_is_given_stays_as_it_is():
    jets = random_jets(20, PAPER)
    before = [array.copy() for array in jets]
    fused(random_tensors(PAPER)).predict(*jets)
    for array, copy in zip(jets, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_results_are_the_same_bits_for_every_batch_order_and_number_of_threads():
    tensors, (tracks, vertices) = random_tensors(PAPER), random_jets(150, PAPER)
    expected = fused(tensors, threads=1, batch_size=4096).predict(tracks, vertices)
    for options in ({"threads": 1, "batch_size": 1}, {"threads": 3, "batch_size": 7}, {"threads": 8}):
        np.testing.assert_array_equal(fused(tensors, **options).predict(tracks, vertices), expected)
    order = np.random.default_rng(3).permutation(len(tracks))
    found = fused(tensors, threads=2).predict(tracks[order], vertices[order])
    np.testing.assert_array_equal(found, expected[order])


def test_eight_threads_may_call_one_runner_at_once():
    runner, (tracks, vertices) = fused(random_tensors(PAPER), threads=2), random_jets(64, PAPER)
    expected = runner.predict(tracks, vertices)
    parts = [slice(first % 40, first % 40 + 24) for first in range(0, 400, 5)]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda part: runner.predict(tracks[part], vertices[part]), parts)
        for part, probabilities in zip(parts, found, strict=True):
            np.testing.assert_array_equal(probabilities, expected[part])


def test_the_packaged_jets_have_the_same_area_under_the_curve():
    tensors, jets = read_tensors(hbb_in.REFERENCE), hbb_in.sample()
    found = [
        hbb_in.measure(
            {"probabilities": build(tensors, runtime=name).predict(jets.tracks, jets.vertices)}, jets.labels
        )
        for name in ("onnx", "fused")
    ]
    assert found[0]["accuracy"] == found[1]["accuracy"]
    assert found[0]["roc_auc"] == pytest.approx(found[1]["roc_auc"], abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_before(value):
    runner, (tracks, vertices) = fused(random_tensors(PAPER)), random_jets(20, PAPER)
    tracks[11, 4, 3] = value
    with pytest.raises(ModelError, match=r"slot 3 of jet 11 is .*; inputs must be finite"):
        runner.predict(tracks, vertices)


def test_numbers_beyond_float32_on_the_way_spoil_only_their_own_jet():
    tensors, (tracks, vertices) = random_tensors(PAPER), random_jets(40, PAPER)
    runner = fused(tensors)
    expected = runner.predict(tracks, vertices)
    tracks[7] = 3e38
    found = runner.predict(tracks, vertices)
    assert np.isnan(found[7]).any()
    np.testing.assert_array_equal(np.delete(found, 7, axis=0), np.delete(expected, 7, axis=0))
    np.testing.assert_array_equal(runner.predict(tracks[8:], vertices[8:]), expected[8:])


def test_a_network_of_chosen_features_takes_all_of_them_too():
    sizes = replace(TINY, track_features=2, vertex_features=1)
    selection = hbb_in.FeatureSelection((3, 17), (5,))
    tracks, vertices = random_jets(9, PAPER)
    runner = fused(random_tensors(sizes), selection=selection)
    expected = runner.predict(tracks[:, [3, 17]], vertices[:, [5]])
    np.testing.assert_array_equal(runner.predict(tracks, vertices), expected)


occupied = st.lists(st.sets(st.integers(0, 8)) | st.integers(0, 9).map(range), max_size=8)


@given(occupied, st.integers(1, 9))
def test_jets_are_counted_and_cut_as_in_numpy(places, kept):
    objects = np.zeros((len(places), 3, 9), np.float32)
    for number, slots in enumerate(places):
        for slot in slots:
            objects[number, slot % 3, slot] = slot - 20.5
    objects[:, 1, 8][objects[:, 1, 8] == 0] = -0.0
    ours, plain = layout_of_nine(), NumpyLayout()
    counts, in_front = ours.count(objects)
    np.testing.assert_array_equal(counts, plain.count(objects)[0])
    assert in_front == plain.count(objects)[1]
    jets = np.arange(len(places))[::-1]
    np.testing.assert_array_equal(ours.cut(objects, jets, kept), plain.cut(objects, jets, kept))


@cache
def layout_of_nine():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fairreg.models.hbb_in.fused.layout.host_unit", lambda: VectorUnit(4, 2, 6))
        return CompiledLayout(3, 9)


def test_what_it_is_and_where_it_computes_is_said():
    with fused(random_tensors(TINY), batch_size=9) as runner:
        assert (runner.name, runner.device, runner.precision, runner.batch_size) == (
            "fused", "cpu", "float32", 9,
        )  # fmt: skip
        assert runner.engine.startswith("llvmlite ")


def test_another_precision_or_device_is_wrong_usage():
    with pytest.raises(UsageError, match="does not compute in bfloat16"):
        fused(random_tensors(TINY), precision="bfloat16")
    with pytest.raises(UsageError, match="on the CPU"):
        fused(random_tensors(TINY), device="cuda")


def test_without_llvmlite_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("fairreg.runners.fused.find_spec", lambda name: None)
    with pytest.raises(MissingEngine) as caught:
        fused(random_tensors(TINY))
    assert caught.value.hint == "Install it with: pip install 'fairreg[fused]'"


def test_a_graph_of_others_has_no_kernel(tmp_path):
    with pytest.raises(ModelError, match=r"kernels for Hbb interaction networks; x\.onnx is none"):
        runners.load("fused", tmp_path / "x.onnx")


def test_a_graph_that_computes_something_else_is_refused(tmp_path):
    import onnx

    tensors = random_tensors(TINY)
    model = onnx.load_from_string(pairwise_bytes(tensors))
    for path, operator in ((tmp_path / "own.onnx", "Relu"), (tmp_path / "other.onnx", "Tanh")):
        for node in model.graph.node:
            node.op_type = operator if node.op_type == "Relu" else node.op_type
        path.write_bytes(model.SerializeToString())
    jets = random_jets(4, TINY)
    found = hbb_in.load(tmp_path / "own.onnx", runtime="fused").predict(*jets)
    np.testing.assert_allclose(found, definition(tensors)(*jets), rtol=0, atol=TOLERANCE)
    with pytest.raises(OtherGraph, match="its graph computes something else"):
        hbb_in.load(tmp_path / "other.onnx", runtime="fused")


def test_models_without_a_kernel_are_compared_without_it():
    """`assess` runs a network in all runtimes that take any."""
    assert not runners.takes_onnx("fused")
    assert {name for name in runners.names() if runners.takes_onnx(name)} >= {"onnx", "torch", "tensorrt"}


@pytest.fixture
def compiled_anew():
    """Forget the machine code of this process."""
    from fairreg.models.hbb_in.fused import compiling

    compiling._engine.cache_clear()
    yield compiling._engine.cache_clear
    compiling._engine.cache_clear()


@pytest.mark.parametrize(
    "damage", [lambda content: b"", lambda content: content[:40], lambda content: b"x" + content[1:]]
)
def test_machine_code_is_kept_and_a_damaged_file_is_made_again(tmp_path, compiled_anew, damage):
    tensors, jets = random_tensors(TINY), random_jets(5, TINY)
    expected = fused(tensors, engines=tmp_path / "engines").predict(*jets)
    (path,) = (tmp_path / "engines").iterdir()
    content = path.read_bytes()
    path.write_bytes(damage(content))
    compiled_anew()
    np.testing.assert_array_equal(fused(tensors, engines=path.parent).predict(*jets), expected)
    assert path.read_bytes() == content


def test_machine_code_is_compiled_once(tmp_path, compiled_anew, monkeypatch):
    fused(random_tensors(TINY), engines=tmp_path)
    compiled_anew()
    monkeypatch.setattr("fairreg.models.hbb_in.fused.compiling.machine_code", None)
    fused(random_tensors(TINY, 5), engines=tmp_path)


def test_machine_code_that_others_may_write_is_not_run(tmp_path, compiled_anew):
    fused(random_tensors(TINY), engines=tmp_path)
    (path,) = tmp_path.iterdir()
    before = path.stat().st_ino
    path.chmod(0o666)
    compiled_anew()
    fused(random_tensors(TINY), engines=tmp_path)
    assert path.stat().st_ino != before
    assert not path.stat().st_mode & 0o022


def test_a_folder_that_cannot_be_made_costs_the_compiling_only(tmp_path):
    (tmp_path / "file").touch()
    jets = random_jets(3, TINY)
    found = fused(random_tensors(TINY), engines=tmp_path / "file" / "engines").predict(*jets)
    np.testing.assert_array_equal(found, fused(random_tensors(TINY)).predict(*jets))


@pytest.mark.parametrize(
    ("triple", "features", "expected"),
    [
        ("x86_64-unknown-linux-gnu", "+avx2,+fma,+avx512f", (16, 12)),
        ("x86_64-unknown-linux-gnu", "+avx2,+fma,-avx512f", (8, 6)),
        ("x86_64-pc-windows-msvc", "+sse2,+avx2", (4, 6)),
        ("aarch64-apple-darwin", "+neon", (4, 12)),
        ("arm64-apple-darwin", "", (4, 12)),
    ],
)
def test_the_tile_is_that_of_the_registers(triple, features, expected):
    found = vector_unit(triple, features)
    assert (found.width, found.outputs) == expected
    assert found.width * 4 * found.vectors in {32, 64, 128}


def test_code_for_a_processor_without_avx_512_has_none():
    code = source(planned(random_tensors(PAPER), PAPER, vector_unit("x86_64", "+avx2,+fma"))[0])
    assert "<8 x float>" in code
    assert "<16 x float>" not in code
    own = source(planned(random_tensors(PAPER), PAPER, host_unit())[0])
    assert machine_code(own) == machine_code(own)


@pytest.mark.skipif(sys.platform == "win32", reason="pages are protected by mprotect")
@pytest.mark.parametrize("edge", ["front", "back"])
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.width}-{unit.outputs}")
def test_no_number_outside_the_arrays_is_read_or_written(unit, edge):
    """Every array lies against a page that must not be touched; the child process dies where it is."""
    script = Path(__file__).parents[1] / "support" / "guarded_kernel.py"
    command = [sys.executable, str(script), edge, str(unit.width), str(unit.vectors), str(unit.outputs)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (child.returncode, child.stderr) == (0, "")
    assert child.stdout == "agrees\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pages are protected by mprotect")
def test_a_number_outside_would_be_seen():
    script = Path(__file__).parents[1] / "support" / "guarded_kernel.py"
    child = subprocess.run(
        [sys.executable, str(script), "back", "8", "2", "6", "beyond"], capture_output=True, check=False
    )
    assert child.returncode < 0
