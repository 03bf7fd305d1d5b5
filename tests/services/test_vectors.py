# SPDX-License-Identifier: MIT
"""Test vectors as input of strangers: what is read, what is refused, and how outputs are compared."""

import io
import json
import tracemalloc
import zipfile
from contextlib import suppress
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from onnx import TensorProto, numpy_helper

from fairreg.errors import FairregError, ModelError
from fairreg.services.run.vectors import arrays, bioimage, folders, mlflow, onnx_tests
from fairreg.services.run.vectors.arrays import array_of, arrays_in
from fairreg.services.run.vectors.base import Tolerance
from fairreg.services.run.vectors.compare import check_output
from fairreg.services.run.vectors.found import vectors_in
from support.examples import examples
from support.vectors import X, npy, npz, project

LAYOUTS = (bioimage, folders, mlflow, onnx_tests)


@pytest.fixture
def files(tmp_path):
    """Write files; return their paths by name."""

    def put(content):
        for number, data in enumerate(content.values()):
            (tmp_path / str(number)).write_bytes(data)
        return {name: tmp_path / str(number) for number, name in enumerate(content)}

    return put


def refused(files, name, content, words):
    with pytest.raises(ModelError) as caught:
        arrays_in(files({name: content})[name], name)
    assert words in caught.value.message
    assert name in caught.value.message


@pytest.mark.parametrize("name", ["x.npz", "x.npy", "x.json"])
def test_arrays_are_read_in_three_formats(files, name):
    content = {"x.npz": npz(x=X), "x.npy": npy(X), "x.json": json.dumps({"x": X.tolist()}).encode()}[name]
    found = arrays_in(files({name: content})[name], name)
    assert np.array_equal(found["x"] if isinstance(found, dict) else found, X)


def test_an_array_larger_than_the_memory_is_refused_before_it_is_read(files, monkeypatch):
    monkeypatch.setattr(arrays, "LARGEST", 1 << 20)
    out = io.BytesIO()
    np.savez_compressed(out, x=np.zeros(1 << 24, np.uint8))
    path = files({"x.npz": out.getvalue(), "x.npy": npy(np.zeros(1 << 21, np.uint8))})
    tracemalloc.start()
    try:
        for name in path:
            with pytest.raises(ModelError, match="MB are the limit"):
                arrays_in(path[name], name)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_the_limit_follows_the_memory_that_is_left(monkeypatch):
    monkeypatch.setattr(arrays.memory, "available", lambda: 1 << 20)
    assert arrays.largest() == 1 << 18
    monkeypatch.setattr(arrays.memory, "available", lambda: None)
    assert arrays.largest() == arrays.LARGEST


def test_a_header_that_states_more_than_the_file_has_is_damage(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**6)}
        )
        archive.writestr("x.npy", header.getvalue() + bytes(8))
    refused(files, "x.npz", out.getvalue(), "it is damaged")
    refused(files, "y.npy", header.getvalue() + bytes(8), "it is damaged")


def test_a_long_list_of_members_is_not_read(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(6000):
            archive.writestr(f"{number:0>150}.npy", b"")
    refused(files, "x.npz", out.getvalue(), "its list of arrays is too long")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 100_000, "not valid JSON"),
        (b"[[1, 2], [3]]", "different lengths"),
        (b'{"x": [1, "a"]}', "lists of other values"),
        (b'{"x": [null]}', "lists of other values"),
        (b'{"x": {"y": [1]}}', "lists of other values"),
        (b"[" * 40 + b"1" + b"]" * 40, "more than 32 deep"),
        (b"[1" + b"0" * 400 + b"]", "element type object"),
        (b'["' + b"a" * 300_000 + b'"' + b',"b"' * 100_000 + b"]", "MB are the limit"),
        (b"\xff", "UTF-8"),
    ],
)
def test_json_that_is_no_array_is_refused(files, content, words):
    refused(files, "x.json", content, words)


def test_a_long_text_is_not_read(files, monkeypatch):
    monkeypatch.setattr(arrays, "_LARGEST_TEXT", 10)
    refused(files, "x.json", b"[1, 2, 3, 4, 5]", "it is longer than the")


@given(st.binary(max_size=200), st.sampled_from(["x.npz", "x.npy", "x.json", "x.pb"]))
@settings(max_examples=examples(60))
def test_any_bytes_are_arrays_or_one_error(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("v") / "f"
    for start in (b"", npz(x=X)[:150], npy(X)[:100]):
        path.write_bytes(start + content)
        read = onnx_tests._tensor if name == "x.pb" else arrays_in
        with suppress(FairregError):
            assert isinstance(read(path, name), dict | np.ndarray)


NAMES = st.lists(
    st.text(st.sampled_from("ab./_-"), max_size=6).flatmap(
        lambda start: st.sampled_from(
            [
                *("inputs.npz", "output.json", "expected_outputs.npy", "tolerance.json", "signature.json"),
                *("rdf.yaml", "MLmodel", "input_example.json", "test_data_set_0/input_0.pb"),
                *("test_data_set_0/output_0.pb", "m.onnx"),
            ]
        ).map(lambda end: start + end)
    ),
    max_size=8,
)
CONTENT = st.sampled_from(
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b"{",
        b'{"model": 1}',
        b"inputs: [a, {}]",
        b"&a [*a]",
        npz(x=X),
        npy(X),
    ]
)


@given(st.dictionaries(st.sampled_from(range(8)), CONTENT), NAMES)
@settings(max_examples=examples(80))
def test_any_files_are_sets_of_vectors_or_one_error(tmp_path_factory, contents, names):
    folder = tmp_path_factory.mktemp("v")
    paths = {}
    for number, name in enumerate(names):
        (folder / str(number)).write_bytes(contents.get(number, b""))
        paths[name] = folder / str(number)
    for layout in LAYOUTS:
        assert layout.wanted(paths) <= set(paths)
    with suppress(FairregError):
        for item in vectors_in(paths, [name for name in paths if name.endswith(".onnx")]):
            assert set(item.files) <= set(paths)
            item.read()


def test_tensors_elsewhere_and_of_impossible_sizes_are_refused(files):
    outside = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="/etc/passwd")
    huge = TensorProto(data_type=TensorProto.FLOAT, dims=[1 << 40], raw_data=b"0000")
    for number, tensor in enumerate((outside, huge)):
        name = f"{number}.pb"
        with pytest.raises(ModelError, match=("in another file", "no tensor of ONNX")[number]):
            onnx_tests._tensor(files({name: tensor.SerializeToString()})[name], name)
    assert np.array_equal(
        onnx_tests._tensor(files({"x": numpy_helper.from_array(X).SerializeToString()})["x"], "x"), X
    )


def rdf(**more):
    return json.dumps({"test_inputs": ["i.npy"], "test_outputs": ["o.npy"], **more}).encode()


def test_a_description_of_version_0_4_names_tensors_in_order(files):
    content = {
        "a/rdf.yaml": rdf(weights={"onnx": {"source": "./w.onnx"}}),
        "a/i.npy": npy(X),
        "a/o.npy": npy(2 * X),
    }
    (found,) = bioimage.find(files(content), ["a/w.onnx"])
    assert (found.model, found.files) == ("a/w.onnx", ("a/rdf.yaml", "a/i.npy", "a/o.npy"))
    read = found.read()
    assert np.array_equal(read.outputs[0], 2 * X)
    assert read.tolerances == (Tolerance(1e-4, 1e-3, 100),)


def test_its_tolerances_are_the_first_that_fit_the_output_and_onnx(files):
    entries = [
        {"weights_formats": ["torchscript"], "absolute_tolerance": 5},
        {"output_ids": ["other"], "absolute_tolerance": 4},
        {"output_ids": ["b"], "absolute_tolerance": 0.5, "relative_tolerance": None},
        {"relative_tolerance": 0.25, "mismatched_elements_per_million": 7},
    ]
    content = {
        "rdf.yaml": rdf(
            test_outputs=["o.npy", "o.npy"],
            outputs=[{"name": "a"}, {"name": "b"}],
            config={"bioimageio": {"reproducibility_tolerance": entries}},
        ),
        "i.npy": npy(X),
        "o.npy": npy(X),
    }
    (found,) = bioimage.find(files(content), [])
    assert found.read().tolerances == (Tolerance(1e-4, 0.25, 7), Tolerance(0.5, 1e-3, 100))


@pytest.mark.parametrize(
    "source", ["../../etc/passwd", "/etc/passwd", "https://zenodo.org/i.npy", "missing.npy"]
)
def test_a_description_reaches_no_file_but_those_of_its_record(files, source):
    assert list(bioimage.find(files({"rdf.yaml": rdf(test_inputs=[source]), "i.npy": npy(X)}), [])) == []


def test_a_description_that_grows_is_refused(files):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, after in zip("abcdef", "bcdefg", strict=True)
    )
    with pytest.raises(ModelError, match="not valid YAML"):
        list(bioimage.find(files({"rdf.yaml": bomb.encode()}), []))


def test_only_some_descriptions_of_a_record_are_parsed(files):
    content = {f"{number}/rdf.yaml": rdf() for number in range(30)}
    content |= {f"{number}/i.npy": npy(X) for number in range(30)}
    assert len(list(bioimage.find(files(content), []))) == 20


def test_files_that_a_description_names_are_no_second_set(files):
    content = {"rdf.yaml": rdf(test_inputs=["test_input.npy"], test_outputs=["test_output.npy"])}
    content |= {"test_input.npy": npy(X), "test_output.npy": npy(X)}
    assert [item.layout for item in vectors_in(files(content), [])] == ["BioImage.IO"]


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ("0.5", (Tolerance(0.5),)),
        ('{"y": 1}', {"y": Tolerance(1.0)}),
        ('{"atol": 1e-3, "rtol": 0.1}', (Tolerance(1e-3, 0.1),)),
        ('{"y": {"rtol": 0.1}}', {"y": Tolerance(0.0, 0.1)}),
    ],
)
def test_tolerances_are_absolute_numbers_or_have_both_parts(files, text, tolerance):
    (found,) = folders.find(
        files(project() | {"tests/vectors/tolerance.json": text.encode()}), ["models/toy.onnx"]
    )
    assert (found.model, found.read().tolerances) == ("models/toy.onnx", tolerance)


@pytest.mark.parametrize(
    "text", ["true", "NaN", "-1", "1e999", "1" + "0" * 400, '{"y": null}', '{"y": {"max": 1}}']
)
def test_a_tolerance_that_is_none_is_refused(files, text):
    (found,) = folders.find(files(project() | {"tests/vectors/tolerance.json": text.encode()}), [])
    with pytest.raises(ModelError, match=r"tests/vectors/tolerance\.json cannot be used"):
        found.read()


@pytest.mark.parametrize(
    "stated",
    [
        [],
        {
            "file": "models/toy.onnx",
            "inputs": [{"name": "x", "shape": [None, 3]}],
            "outputs": [{"name": "y"}],
        },
        {"model": "toy.onnx", "inputs": [{"name": "x", "shape": [-1, 3], "axes": ["batch", "feature"]}]},
        {"inputs": {"x": "float32"}, "outputs": [["y"]]},
    ],
)
def test_signatures_are_written_in_many_ways(files, stated):
    content = project() | {"signature.json": json.dumps(stated).encode()}
    (found,) = folders.find(files(content), ["models/toy.onnx"])
    assert found.model == (None if "file" not in stated and "model" not in stated else "models/toy.onnx")
    assert np.array_equal(found.read().inputs["x"], X)


@pytest.mark.parametrize(
    "pair",
    [
        ("input.npy", "output.npy"),
        ("t/reference_inputs.npz", "t/expected_outputs.json"),
        ("test_input.npz", "test-output.npz"),
        ("toy_inputs.npz", "toy_outputs.npz"),
    ],
)
def test_pairs_under_these_names_are_vectors(files, pair):
    found = list(folders.find(files(dict.fromkeys(pair, b"")), ["toy.onnx"]))
    assert [item.files for item in found] == [pair]


@pytest.mark.parametrize(
    "pair", [("encoder_input.npy", "encoder_output.npy"), ("a/input.npy", "b/output.npy")]
)
def test_arrays_of_something_else_are_no_vectors(files, pair):
    assert list(folders.find(files(dict.fromkeys(pair, b"")), ["toy.onnx"])) == []


FLOATS = arrays_of.arrays(
    st.sampled_from([np.float32, np.float64]), (3,), elements=st.floats(width=32, allow_subnormal=False)
)


@given(FLOATS, FLOATS, st.floats(0, 10), st.floats(0, 1))
@settings(max_examples=examples(200))
def test_agreement_is_that_of_numpy(expected, found, absolute, relative):
    check = check_output("y", expected, found, Tolerance(absolute, relative))
    wide = [array.astype(np.longdouble) for array in (found, expected)]
    with np.errstate(all="ignore"):
        # numpy multiplies an infinite number by the tolerance; infinity agrees with itself alone.
        close = np.isclose(*wide, rtol=relative, atol=absolute, equal_nan=True)
        same = (wide[0] == wide[1]) | ~np.isinf(wide[1])
    assert check.agrees == bool((close & same).all())


@pytest.mark.parametrize(
    ("expected", "found", "difference", "agrees"),
    [
        ([1, nan], [1, nan], 0, True),
        ([1.0, inf], [1.0, -inf], inf, False),
        ([1.0], [nan], inf, False),
        ([[1.0]], [1.0], inf, False),
        (["a"], ["a"], 0, True),
        (["a"], ["b"], inf, False),
        ([1], [1.0], 0, True),
        ([True], [False], 1, False),
        ([], [], 0, True),
        ([1e6], [1e6 + 5], 5, True),
        ([1.0], [1.0 + 2e-5], 2e-5, False),
    ],
)
def test_without_a_tolerance_the_rubrics_holds(expected, found, difference, agrees):
    check = check_output("y", np.array(expected), np.array(found), None)
    assert check.max_difference == pytest.approx(difference)
    assert (check.agrees, check.tolerance.stated) == (agrees, False)


@pytest.mark.parametrize(
    ("expected", "found", "agrees"),
    [
        ([1e9, 0.0, 0.0], [1e9, 0.0, 5000.0], False),
        ([1e9, 5000.0, -5000.0], [1e9, 0.0, 3.0], False),
        ([1e9, 2.0, 0.5], [1e9 + 5e3, 2.0, 0.5], True),
        ([1e4, 0.5], [1e4, 0.501], True),
        ([3e-6, 0.0], [0.0, 0.0], False),
        ([3e-6, 0.0], [3e-6, 1e-12], True),
    ],
)
def test_one_large_number_does_not_hide_others_and_small_ones_count(expected, found, agrees):
    check = check_output("y", np.array(expected), np.array(found), None)
    assert (check.agrees, check.measured) == (agrees, True)


@pytest.mark.parametrize(
    ("expected", "tolerance", "measured"),
    [
        (np.zeros((0, 3)), None, False),
        ([nan, nan], None, False),
        ([inf], None, False),
        (np.zeros((0,), "U1"), None, False),
        ([0.0, 0.5, 1.0], Tolerance(1e300), False),
        ([0.0, 0.5, 1.0], Tolerance(0, 1e9), False),
        ([0.0, 0.5, 1.0], Tolerance(0.5), False),
        ([0.1, 0.95], Tolerance(0.9), False),
        ([0.0, 0.5], Tolerance(0, 0, 1_000_000), False),
        ([0.0, 0.0], Tolerance(1.0), False),
        ([199.0, 399.0, 599.0], Tolerance(0, 0.99), False),
        ([1.0, 1000.0], Tolerance(0, 0.6), False),
        ([100.0, 102.0, 104.0], Tolerance(0, 0.05), False),
        ([1e6, 900.0, -900.0], Tolerance(1000), False),
        ([[1e6, 1.0, 2.0], [2e6, 3.0, 1.0]], Tolerance(1000), False),
        ([1e6, 900.0, -900.0], Tolerance(10), True),
        ([35.0, 1e-6, 1e-7], Tolerance(1e-4), True),
        ([0.999, 5e-4, 5e-4], Tolerance(1e-3), True),
        ([1e6, 0.0, 0.0], Tolerance(1000), True),
        ([0.0, 0.0], Tolerance(1e-5), True),
        ([0.0, nan], None, True),
        ([0.90001, 0.90002], Tolerance(1e-3), True),
        ([0.9], Tolerance(1e-3), True),
        ([3, 3], Tolerance(0.5), True),
        ([1 + 1j], Tolerance(1e-3), True),
        ([True, False], None, True),
        (["a"], None, True),
    ],
)
def test_agreement_with_nothing_or_within_any_tolerance_is_not_measured(expected, tolerance, measured):
    check = check_output("y", np.asarray(expected), np.asarray(expected), tolerance)
    assert (check.agrees, check.measured) == (True, measured)


def test_a_stated_share_of_numbers_may_differ():
    expected, found = np.zeros(1000), np.zeros(1000)
    found[:2] = 1
    assert not check_output("y", expected, found, Tolerance(0.1, 0, 1999)).agrees
    assert check_output("y", expected, found, Tolerance(0.1, 0, 2000)).agrees


def test_texts_and_numbers_become_arrays():
    assert array_of(["a", "bc"], "x").dtype.kind == "U"
    assert array_of([[1, 2.5]], "x").dtype == np.float64
    assert array_of(3, "x").shape == ()
