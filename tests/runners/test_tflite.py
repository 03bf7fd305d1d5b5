# SPDX-License-Identifier: MIT
"""The runner of TensorFlow Lite models, on models written here."""

import random
import subprocess
import sys

import numpy as np
import pytest

from fairreg.errors import FairregError, ModelError, SecurityRefusal, UsageError
from fairreg.runners import _tflite_check as check
from fairreg.runners import tflite as runner

if not runner.available():
    pytest.skip("needs the tflite extra", allow_module_level=True)

from support import tflite_files
from support.tflite_files import schema


@pytest.fixture
def write(tmp_path):
    def written(content):
        (tmp_path / "m.tflite").write_bytes(content)
        return tmp_path / "m.tflite"

    return written


def signature(loaded):
    return [(item.name, item.dtype, item.shape) for item in (*loaded.inputs, *loaded.outputs)]


@pytest.mark.parametrize("named", [True, False])
def test_a_dense_network_with_any_number_of_rows(write, named):
    content, definition = tflite_files.dense(signature=named)
    loaded = runner.load(write(content), threads=1)
    one, other = ("features", "classes") if named else ("x", "y")
    assert signature(loaded) == [(one, "float32", ("rows", 4)), (other, "float32", ("rows", 3))]
    assert (loaded.name, loaded.device, loaded.precision, loaded.batch_size) == (
        "tflite",
        "cpu",
        "float32",
        None,
    )
    assert loaded.engine.startswith("LiteRT ")
    for rows in (5, 1, 300):
        values = np.random.default_rng(rows).normal(size=(rows, 4)).astype("f4")
        np.testing.assert_allclose(loaded.run({one: values})[other], definition(values), rtol=1e-5, atol=1e-7)
    asked = runner.load(write(content), batch_size=16)
    np.testing.assert_allclose(asked.run({one: values})[other], definition(values), rtol=1e-5, atol=1e-7)


def test_a_network_of_one_row_takes_rows_one_by_one(write):
    content, definition = tflite_files.convolution()
    loaded = runner.load(write(content))
    assert signature(loaded)[0] == ("x", "float32", (1, 6, 6, 2))
    images = np.random.default_rng(2).normal(size=(3, 6, 6, 2)).astype("f4")
    expected = np.concatenate([definition(image[None]) for image in images])
    np.testing.assert_allclose(loaded.run({"x": images})["y"], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(UsageError, match="takes 1 row at once"):
        runner.load(write(content), batch_size=2)


def test_quantised_numbers_stay_integers_and_are_explained(write):
    loaded = runner.load(write(tflite_files.quantised()))
    assert signature(loaded) == [("x", "int8", ("rows", 5)), ("y", "int8", ("rows", 5))]
    assert [item.description for item in (*loaded.inputs, *loaded.outputs)] == [
        "quantised: q stands for 0.5 * (q - -10)",
        "quantised: q stands for 0.25 * (q - -128)",
    ]
    values = np.array([[-128, -20, -10, -8, 100], [0, 1, 2, 3, 4]], "int8")
    real = np.maximum(0.5 * (values.astype(float) + 10), 0)
    found = 0.25 * (loaded.run({"x": values})["y"].astype(float) + 128)
    np.testing.assert_array_equal(found, np.minimum(real, 0.25 * 255))
    with pytest.raises(ModelError):
        loaded.run({"x": np.zeros((1, 5), "f4")})


@pytest.mark.parametrize(
    ("kind", "custom", "words"),
    [
        ("CUSTOM", "MyOperator", "'MyOperator', which is the author's own"),
        ("CUSTOM", "FlexErf", "'FlexErf', which needs TensorFlow itself"),
        ("WHILE", None, "the operator WHILE, which is not run"),
        ("READ_VARIABLE", None, "the operator READ_VARIABLE"),
    ],
)
def test_operators_that_are_not_run_are_named(write, kind, custom, words):
    content, _ = tflite_files.dense(kind=kind, custom=custom)
    with pytest.raises(ModelError, match=words):
        runner.load(write(content))


def test_weights_in_other_files_and_several_graphs_are_refused(write):
    def changed(change):
        model = schema.ModelT.InitFromPackedBuf(tflite_files.dense()[0], 0)
        change(model)
        return write(tflite_files.packed(model))

    def outside(model):
        model.externalBufferGroups = [group := schema.ExternalBufferGroupT()]
        group.name = "/etc/passwd"

    with pytest.raises(SecurityRefusal, match="keeps its weights in other files"):
        runner.load(changed(outside))
    with pytest.raises(ModelError, match="has 2 graphs"):
        runner.load(changed(lambda model: model.subgraphs.append(model.subgraphs[0])))
    with pytest.raises(ModelError, match="has 0 graphs"):
        runner.load(changed(model := lambda model: model.subgraphs.clear()))
    assert model


def twice(model):
    """Two signatures, of which none is the usual one."""
    model.signatureDefs = [model.signatureDefs[0]] * 2
    model.signatureDefs[0].signatureKey = "encode"


FAULTS = {
    "tensor that does not exist": lambda model: setattr(
        model.subgraphs[0].operators[0], "inputs", [0, 99, 4]
    ),
    "negative tensor": lambda model: setattr(model.subgraphs[0], "outputs", [-7]),
    "operator of no kind": lambda model: setattr(model.subgraphs[0].operators[0], "opcodeIndex", 77),
    "unknown operator": lambda model: setattr(model.operatorCodes[0], "builtinCode", 9999),
    "buffer that does not exist": lambda model: setattr(model.subgraphs[0].tensors[3], "buffer", 1 << 20),
    "constant of another size": lambda model: setattr(model.subgraphs[0].tensors[3], "shape", [3, 4000]),
    "negative shape": lambda model: setattr(model.subgraphs[0].tensors[1], "shape", [1, -3]),
    "huge shape": lambda model: setattr(model.subgraphs[0].tensors[1], "shape", [1 << 20, 1 << 20]),
    "operators out of order": lambda model: model.subgraphs[0].operators.reverse(),
    "output of nothing": lambda model: model.subgraphs[0].operators.clear(),
    "signature of another tensor": lambda model: setattr(model.signatureDefs[0].inputs[0], "tensorIndex", 2),
    "two signatures": twice,
    "unknown type": lambda model: setattr(model.subgraphs[0].tensors[0], "type", 13),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_numbers_that_lead_nowhere_never_reach_the_interpreter(fault):
    model = schema.ModelT.InitFromPackedBuf(tflite_files.dense()[0], 0)
    FAULTS[fault](model)
    with pytest.raises(ModelError) as caught:
        check.check(tflite_files.packed(model), "m.tflite")
    assert caught.value.message.startswith("m.tflite ")
    assert "\n" not in caught.value.message


def test_a_file_that_crashes_the_interpreter_ends_another_process(write, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], -11, b"", b""))
    with pytest.raises(ModelError, match=r"LiteRT crashed on m\.tflite in a trial.*exit -11"):
        runner.load(write(tflite_files.dense()[0]))


def test_a_fault_of_the_interpreter_is_told(write):
    model = schema.ModelT.InitFromPackedBuf(tflite_files.dense()[0], 0)
    model.operatorCodes[1].version = 4000
    with pytest.raises(ModelError, match=r"LiteRT cannot run m\.tflite: .*version"):
        runner.load(write(tflite_files.packed(model)))


def test_the_trial_imports_nothing_from_the_folder_it_runs_in(write, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit(3)")
    (tmp_path / "fairreg.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    runner.load(write(tflite_files.dense()[0]))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0\0\0\0TFL3", b"\x1c\0\0\0TFL3" + b"\xff" * 64])
def test_what_is_not_a_model_is_said(write, content):
    with pytest.raises(ModelError, match=r"m\.tflite"):
        runner.load(write(content))
    with pytest.raises(ModelError, match="not ONNX"):
        runner.load(content)


def mutated(whole, seed):
    """A file with some bytes or numbers exchanged, or cut off."""
    chance, content = random.Random(seed), bytearray(whole)
    if chance.random() < 0.2:
        return bytes(content[: chance.randrange(len(content))])
    for _ in range(chance.choice([1, 1, 2, 4])):
        place = chance.randrange(len(content) // 4) * 4
        if chance.random() < 0.5:
            content[place + chance.randrange(4)] = chance.randrange(256)
        else:
            number = chance.choice([0, 1, 2**31, 2**32 - 1, len(content), chance.randrange(2**32)])
            content[place : place + 4] = number.to_bytes(4, "little")
    return bytes(content)


TRIAL = """
import sys
import numpy as np
from fairreg.runners.tflite import interpreter
for line in sys.stdin:
    print("begun", flush=True)
    try:
        made = interpreter(bytes.fromhex(line), 1)
        made.allocate_tensors()
        for item in made.get_input_details():
            made.set_tensor(item["index"], np.ones(item["shape"], item["dtype"]))
        made.invoke()
    except (ValueError, RuntimeError, MemoryError):
        pass
"""


@pytest.mark.parametrize("seeds", [range(400), pytest.param(range(400, 12_000), marks=pytest.mark.long)])
def test_what_passes_the_check_does_not_crash_the_interpreter(seeds):
    bases = [tflite_files.dense()[0], tflite_files.quantised(), tflite_files.convolution()[0]]
    passed = []
    for seed in seeds:
        try:
            passed.append(check.check(mutated(bases[seed % 3], seed), "m.tflite").content)
        except FairregError as error:
            assert error.exit_code in {1, 3}  # noqa: PT017  either is right
    assert 0 < len(passed) < len(seeds)
    lines = "\n".join(content.hex() for content in passed)
    done = subprocess.run(
        [sys.executable, "-P", "-c", TRIAL], input=lines, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("begun")) == (0, len(passed)), done.stderr[-1000:]
