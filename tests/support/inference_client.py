# SPDX-License-Identifier: MIT
"""A program of tritonclient: asks a server of the Open Inference Protocol for the models of a file of inputs.

Run by the interpreter that FAIRREG_TEST_CLIENTS names: ``inference_client.py HOST:PORT GIVEN.npz FOUND.npz``.
The arrays are called MODEL|INPUT and MODEL|FORM|OUTPUT, the forms json, binary and parallel. Writes JSON.
"""

import json
import sys
from collections import defaultdict

import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

PARALLEL = 6


def tensors(arrays, *, binary):
    made = []
    for name, array in arrays.items():
        item = InferInput(name, array.shape, np_to_triton_dtype(array.dtype))
        made.append(item.set_data_from_numpy(array, binary_data=binary))
    return made


def main(address, given, found):
    client, arrays = InferenceServerClient(address, concurrency=PARALLEL), defaultdict(dict)
    with np.load(given) as content:
        for key in content:
            model, name = key.split("|")
            arrays[model][name] = content[key]
    said = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "server": client.get_server_metadata(),
        "models": {},
    }
    outputs = {}
    for model, inputs in arrays.items():
        said["models"][model] = metadata = client.get_model_metadata(model)
        assert client.is_model_ready(model)
        names = [item["name"] for item in metadata["outputs"]]
        wanted = [InferRequestedOutput(name, binary_data=False) for name in names]
        in_json = client.infer(model, tensors(inputs, binary=False), outputs=wanted, request_id="é 1")
        in_binary = client.infer(model, tensors(inputs, binary=True))
        calls = [client.async_infer(model, tensors(inputs, binary=True)) for _ in range(PARALLEL)]
        forms = {"json": [in_json], "binary": [in_binary], "parallel": [call.get_result() for call in calls]}
        assert in_json.get_response()["id"] == "é 1"
        for form, results in forms.items():
            for result in results:
                for item in result.get_response()["outputs"]:
                    array = result.as_numpy(item["name"])
                    text = array.dtype == object
                    key = f"{model}|{form}|{item['name']}"
                    plain = np.array([as_bytes(value) for value in array.flat]) if text else array
                    if key in outputs:
                        np.testing.assert_array_equal(outputs[key], plain)
                    outputs[key] = plain
    np.savez(found, **outputs)
    said["errors"] = list(refusals(client, next(iter(arrays))))
    sys.stdout.write(json.dumps(said))


def as_bytes(value):
    return value if isinstance(value, bytes) else value.encode()


def refusals(client, model):
    """Yield status and message of requests that are refused."""
    wrong = tensors({"nothing": np.zeros((1, 2), np.float32)}, binary=True)
    for asked in (model, "no-such-model"):
        try:
            client.infer(asked, wrong)
        except InferenceServerException as error:
            yield error.status(), error.message()
    try:
        client.infer(model, wrong, model_version="2")
    except InferenceServerException as error:
        yield error.status(), error.message()


if __name__ == "__main__":
    main(*sys.argv[1:])
