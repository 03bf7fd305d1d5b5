# SPDX-License-Identifier: MIT
"""Open Inference Protocol V2: what tritonclient gets is what ``fairreg run`` gives."""

import http.client
import json
from pathlib import Path

import numpy as np
import pytest
import requests

from fairreg.models import hbb_in
from fairreg.server.inference.body_reader import BODY_BYTES, JSON_BYTES
from fairreg.services.run.loaded_model import open_model
from fairreg.services.run.predict import predict
from fairreg.settings import Settings
from support import served_graphs
from support.clients import client_program
from support.serving import serving
from support.small_graphs import identity, tensor

pytestmark = pytest.mark.engines("sqlite")
REFERENCE = "fairreg-hbb-reference-1"
CLIENT = Path(__file__).parents[1] / "support/inference_client.py"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("served", numbered=False)


@pytest.fixture(scope="module")
def settings(home):
    return Settings.from_environment({"FAIRREG_HOME": str(home / "home")})


@pytest.fixture(scope="module")
def graphs(home):
    return served_graphs.write(home)


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def url(settings, graphs, said):
    """A server of the packaged weights and of some graphs."""
    models = (f"catalogue:{REFERENCE}", *map(str, graphs.values()))
    with serving(settings, models=models, log=said.append) as found:
        yield found


@pytest.fixture(scope="module")
def given(graphs):
    """Inputs by model: 9 jets for the packaged weights, 5 rows for the graphs."""
    jets = hbb_in.sample()
    reference = {"input_cpf": jets.tracks[:9], "input_sv": jets.vertices[:9]}
    return {REFERENCE: reference, **{name: served_graphs.arrays(name) for name in graphs}}


@pytest.fixture(scope="module")
def asked(url, given, home):
    """What tritonclient says and finds."""
    inputs = {f"{name}|{key}": array for name, arrays in given.items() for key, array in arrays.items()}
    np.savez(home / "given.npz", **inputs)
    address = url.removeprefix("http://")
    done = client_program(str(CLIENT), address, str(home / "given.npz"), str(home / "found.npz"))
    assert done.returncode == 0, done.stderr
    with np.load(home / "found.npz") as content:
        return json.loads(done.stdout), dict(content)


def run_by_command(settings, model, arrays, folder):
    """The outputs that ``fairreg run MODEL --input FILE --output FILE`` writes."""
    np.savez(folder / "in.npz", **arrays)
    predict(open_model(settings, model), folder / "in.npz", output=folder / "out.npz")
    with np.load(folder / "out.npz") as content:
        return dict(content)


@pytest.mark.sliced(7)
@pytest.mark.parametrize("form", ["json", "binary", "parallel"])
@pytest.mark.parametrize("name", [REFERENCE, "jets.v1", "kinds", "softmax", "classes", "parts"])
def test_tritonclient_gets_the_outputs_of_fairreg_run(asked, settings, graphs, given, name, form, tmp_path):
    source = str(graphs.get(name, f"catalogue:{name}"))
    expected = run_by_command(settings, source, given[name], tmp_path)
    found = asked[1]
    keys = {key.rpartition("|")[2] for key in found if key.startswith(f"{name}|{form}|")}
    assert keys == set(expected)
    for key in keys:
        array, wanted = found[f"{name}|{form}|{key}"], expected[key]
        if wanted.dtype.kind == "U":
            wanted = np.array([item.encode() for item in wanted.flat])
        if wanted.dtype.kind == "f":
            np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-6)
        else:
            np.testing.assert_array_equal(array.ravel(), wanted.ravel())
        assert array.dtype.kind == wanted.dtype.kind


def test_metadata_are_those_of_the_signature(asked):
    said = asked[0]
    assert said["server"]["extensions"] == ["binary_tensor_data"]
    assert (said["live"], said["ready"]) == (True, True)
    assert said["models"][REFERENCE] == {
        "name": REFERENCE,
        "platform": "onnxruntime_onnx",
        "inputs": [
            {"name": "input_cpf", "datatype": "FP32", "shape": [-1, 30, 60]},
            {"name": "input_sv", "datatype": "FP32", "shape": [-1, 14, 5]},
        ],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}],
    }
    kinds = {item["name"]: item["datatype"] for item in said["models"]["kinds"]["inputs"]}
    assert (kinds["x_FLOAT16"], kinds["x_BOOL"], kinds["x_STRING"]) == ("FP16", "BOOL", "BYTES")
    (output,) = said["models"]["parts"]["outputs"]
    assert (output["shape"], output["parameters"]) == ([-1], {"any_shape": True})


def test_refusals_have_the_form_of_the_protocol(asked):
    (unfit, unknown, version) = asked[0]["errors"]
    assert (unfit[0], "the inputs 'input_cpf', 'input_sv'" in unfit[1]) == ("400", True)
    assert (unknown[0], "There is no model 'no-such-model' here" in unknown[1]) == ("404", True)
    assert (version[0], "models have no versions here" in version[1]) == ("404", True)


@pytest.mark.shared
def test_the_published_file_gives_the_numbers_of_its_weights(shared, settings, tmp_path):
    (path,) = (shared / "published").rglob("*.onnx")
    jets = hbb_in.sample()
    arrays = {"input_cpf": jets.tracks[:3], "input_sv": jets.vertices[:3]}
    with serving(settings, models=(str(path),)) as url:
        (name,) = requests.get(f"{url}/v2/models", timeout=60).json()["models"]
        found = outputs(infer(url, name, *in_binary(arrays)))
    expected = run_by_command(settings, str(path), arrays, tmp_path)
    np.testing.assert_allclose(found["probabilities"], expected["probabilities"], rtol=0, atol=1e-6)


# Requests by hand

HEADER = "Inference-Header-Content-Length"


def datatype(array):
    kind, bits = array.dtype.kind, 8 * array.dtype.itemsize
    return {"b": "BOOL", "S": "BYTES"}.get(kind) or f"{ {'i': 'INT', 'u': 'UINT', 'f': 'FP'}[kind] }{bits}"


def in_json(arrays, **more):
    inputs = [
        {
            "name": name,
            "datatype": datatype(item),
            "shape": item.shape,
            "data": (np.char.decode(item) if item.dtype.kind == "S" else item).tolist(),
        }
        for name, item in arrays.items()
    ]
    return json.dumps({"inputs": inputs, **more}).encode()


def in_binary(arrays, **more):
    """Body and length of its JSON."""
    inputs = [
        {
            "name": name,
            "datatype": datatype(item),
            "shape": item.shape,
            "parameters": {"binary_data_size": item.nbytes},
        }
        for name, item in arrays.items()
    ]
    head = json.dumps({"inputs": inputs, **more}).encode()
    return b"".join([head, *(item.tobytes() for item in arrays.values())]), len(head)


def infer(url, name, body, length=None):
    headers = {} if length is None else {HEADER: str(length)}
    return requests.post(f"{url}/v2/models/{name}/infer", body, headers=headers, timeout=60)


def outputs(answer):
    """Arrays of the outputs by name, of an answer in JSON."""
    assert answer.status_code == 200, answer.text
    return {item["name"]: np.reshape(item["data"], item["shape"]) for item in answer.json()["outputs"]}


def test_nested_data_and_numbers_of_another_type_are_taken(url):
    x = np.arange(8, dtype=np.float64).reshape(2, 4)
    np.testing.assert_allclose(
        outputs(infer(url, "softmax", in_json({"x": x})))["y"][1], [1 / (1 + np.exp(-4))] * 4, rtol=1e-6
    )


def test_rows_that_depend_on_each_other_are_computed_together(url):
    x = np.zeros((300, 4), np.float32)  # more than the 128 rows of a batch
    found = outputs(infer(url, "softmax", *in_binary({"x": x})))
    np.testing.assert_allclose(found["y"], np.full((300, 4), 1 / 300), rtol=1e-6)


def test_more_rows_than_a_batch_are_all_answered(url, settings, graphs, tmp_path):
    jets = served_graphs.arrays("jets.v1", 150)
    found = outputs(infer(url, "jets.v1", *in_binary(jets)))["probabilities"]
    expected = run_by_command(settings, str(graphs["jets.v1"]), jets, tmp_path)
    np.testing.assert_allclose(found, expected["probabilities"], rtol=0, atol=1e-6)


def test_no_rows_give_no_rows(url):
    empty = served_graphs.arrays("jets.v1", 150)
    found = outputs(infer(url, "jets.v1", in_json({name: array[:0] for name, array in empty.items()})))
    assert found["probabilities"].shape == (0, 2)


def test_only_the_requested_outputs_come_each_in_its_form(url, given):
    every = {name: array[:1] for name, array in given["kinds"].items()}
    wanted = [{"name": "y_INT8"}, {"name": "y_DOUBLE", "parameters": {"binary_data": True}}]
    answer = infer(url, "kinds", in_json(every, outputs=wanted))
    length = int(answer.headers[HEADER])
    first, second = json.loads(answer.content[:length])["outputs"]
    assert (first["name"], first["data"]) == ("y_INT8", every["x_INT8"][0].tolist())
    assert second["parameters"] == {"binary_data_size": 16}
    assert answer.content[length:] == every["x_DOUBLE"].tobytes()


def test_a_number_that_json_lacks_is_sent_in_binary_only(url):
    x = np.array([[np.nan, 1, np.inf, 0]], np.float32)
    refused = infer(url, "softmax", *in_binary({"x": x}))
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("The output 'y' has values that JSON has no number for")
    body, length = in_binary({"x": x}, parameters={"binary_data_output": True})
    assert infer(url, "softmax", body, length).status_code == 200


def test_bfloat16_is_read_and_widened(settings, tmp_path):
    path = tmp_path / "narrow.onnx"
    path.write_bytes(identity(tensor("x", "BFLOAT16", ["N"]), tensor("y", "BFLOAT16", ["N"])))
    head = {"name": "x", "datatype": "BF16", "shape": [2], "parameters": {"binary_data_size": 4}}
    text = json.dumps({"inputs": [head]}).encode()
    with serving(settings, models=(str(path),)) as url:
        metadata = requests.get(f"{url}/v2/models/narrow", timeout=60).json()
        found = outputs(infer(url, "narrow", text + b"\xc0\x3f\x20\xc1", len(text)))
    assert (metadata["inputs"][0]["datatype"], metadata["outputs"][0]["datatype"]) == ("BF16", "FP32")
    assert found["y"].tolist() == [1.5, -10.0]


def one(name="x", datatype="FP32", shape=(1, 4), **more):
    return json.dumps({"inputs": [{"name": name, "datatype": datatype, "shape": shape, **more}]}).encode()


FLAT = [0, 0, 0, 0]
REFUSED = {
    "no json": (b"[", "The JSON of the request is not that of an inference"),
    "no text": (b"\xff\xfe", "The JSON of the request is not that of an inference"),
    "deep": (b"[" * 100_000, "The JSON of the request is not that of an inference"),
    "no inputs": (b"{}", "missing required field `inputs`"),
    "nothing": (b'{"inputs": []}', "The model needs the input 'x'"),
    "another name": (one("z", data=FLAT), "has no input 'z'"),
    "two of one name": (b'{"inputs": [%s, %s]}' % ((one(data=FLAT)[12:-2],) * 2), "the same name"),
    "no data": (one(), "needs either data or binary_data_size"),
    "another shape": (one(data=[0] * 3, shape=[1, 3]), "has shape (1, 3), but the model takes (N = 1, 4)"),
    "fewer values": (one(data=[0] * 3), "have shape [3] instead of [4]"),
    "ragged": (one(data=[[0, 0], [0]], shape=[2, 2]), "do not form one array"),
    "another depth": (one(data=[[[0]]]), "flat or nested as its shape [1, 4]"),
    "many lists": (one(data=[[]] * 100_001, shape=[100_001, 0]), "over 100000 lists: send them flat"),
    "values that change": (one(data=[0, [0], 0, 0]), "Expected `float`, got `array`"),
    "no numbers": (one(data=["a"] * 4), "Expected `float`, got `str`"),
    "a datatype unknown": (one(datatype="FP8", data=FLAT), "unknown datatype; known: BF16, BOOL"),
    "another datatype": (one(datatype="BYTES", data=["a"] * 4), "element type object"),
    "beyond the range": (one(datatype="INT8", data=[300] * 4), "beyond its range"),
    "beyond a float": (one(datatype="FP16", data=[1e30] * 4), "beyond its range"),
    "a long number": (one(data=FLAT).replace(b"[0,", b"[" + b"9" * 5000 + b","), "are not FP32"),
    "a negative axis": (one(data=FLAT, shape=[-1, 4]), "Expected `int` >= 0"),
    "a long axis": (one(data=[], shape=[0, 2**31]), "Expected `int` <= 67108864"),
    "a product beyond counting": (one(data=[], shape=[0, *[2**20] * 3]), "too large a shape"),
    "many axes": (one(data=[], shape=[1] * 33), "length <= 32"),
    "shared memory": (one(parameters={"shared_memory_region": "r"}, data=FLAT), "shared memory is not"),
    "a sequence": (one(data=FLAT)[:-1] + b',"parameters":{"sequence_id":1}}', "Sequences are not possible"),
    "classification": (
        one(data=FLAT)[:-1] + b',"outputs":[{"name":"y","parameters":{"classification":3}}]}',
        "classification is not possible",
    ),
    "an output unknown": (
        one(data=FLAT)[:-1] + b',"outputs":[{"name":"q"}]}',
        "has no output 'q'; it has 'y'",
    ),
    "an item of a sequence": (
        one(data=FLAT)[:-1] + b',"outputs":[{"name":"y_0"}]}',
        "has no output 'y_0'; it has 'y'",
    ),
    "an output twice": (
        one(data=FLAT)[:-1] + b',"outputs":[{"name":"y"},{"name":"y"}]}',
        "requested twice",
    ),
    "binary that is not there": (one(parameters={"binary_data_size": 16}), "state 16 bytes of binary data"),
    "a size beyond all": (one(parameters={"binary_data_size": 2**60}), "Expected `int` <="),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_request_that_does_not_fit_is_told_why(url, kind):
    body, reason = REFUSED[kind]
    answer = infer(url, "softmax", body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert reason in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "length", "status", "reason"),
    [
        (b"{}", "two", 400, "is not a number of bytes"),
        (b"{}", "\u0663", 400, "is not a number of bytes"),
        (b"{}", "-1", 400, "is not a number of bytes"),
        (b"{}", "3", 400, "is 3, but the body has 2 bytes"),
        (b"{}", str(JSON_BYTES + 1), 413, "The JSON of a request has at most"),
        (one(parameters={"binary_data_size": 15}) + b"x" * 15, len(one(parameters={"binary_data_size": 15})),
         400, "has 15 bytes; FP32 of shape [1, 4] has 16"),
    ],
)  # fmt: skip
def test_lengths_are_compared_with_what_is_there(url, body, length, status, reason):
    headers = {HEADER: str(length).encode()}
    answer = requests.post(f"{url}/v2/models/softmax/infer", body, headers=headers, timeout=60)
    assert (answer.status_code, reason in answer.json()["error"]) == (status, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(JSON_BYTES + 1)}, 413),
        ({"Content-Length": str(BODY_BYTES + 1), HEADER: "2"}, 413),
        ({"Content-Length": "2", "Content-Encoding": "gzip"}, 415),
    ],
)
def test_a_stated_size_is_refused_before_anything_is_read(url, headers, status):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", "/v2/models/softmax/infer")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, list(json.load(answer))) == (status, ["error"])
    connection.close()


def test_texts_are_counted_before_they_are_read(url, given):
    every = given["kinds"] | {"x_STRING": np.array([[b"a"]])}
    body, length = in_binary({"x_STRING": every["x_STRING"]})
    for text in (b"\x01", b"\xff\xff\xff\xff", b"\x01\0\0\0ab", b""):
        data = body[:length].replace(b'"binary_data_size": 1', b'"binary_data_size": %d' % len(text)) + text
        answer = infer(url, "kinds", data, len(data) - len(text))
        assert (answer.status_code, "x_STRING" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "path", ["/v2/none", "/v2/models/%00%E2%80%AE", "/v2/models/x/y/z", "/v2/models/softmax/"]
)
def test_any_other_address_of_the_protocol_is_answered_in_its_form(url, path):
    for method in ("GET", "POST"):
        answer = requests.request(method, f"{url}/v2/{path}", timeout=60)
        assert answer.status_code in {404, 405}
        assert list(answer.json()) == ["error"]


def test_model_configuration_is_said_to_be_an_extension_that_is_not_here(url):
    answer = requests.get(f"{url}/v2/models/softmax/config", timeout=60)
    assert (answer.status_code, "an extension of Triton" in answer.json()["error"]) == (404, True)


def test_a_method_that_an_address_lacks_is_refused(url):
    answer = requests.delete(f"{url}/v2/models/softmax/infer", timeout=60)
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert list(answer.json()) == ["error"]
    asked = requests.options(f"{url}/v2/models/softmax/infer", timeout=60)
    assert (asked.status_code, asked.headers["allow"]) == (204, "OPTIONS, POST")


def test_the_record_of_a_model_is_linked(url):
    answer = requests.get(f"{url}/v2/models/{REFERENCE}", timeout=60)
    assert answer.headers["link"] == f'<{url}/records/catalogue:{REFERENCE}>; rel="describedby"'
