# SPDX-License-Identifier: MIT
"""Triton's model configuration: the fields of model_config.proto that are used, and the checks of a load.

The message is made here, with the field numbers of triton-inference-server/common, because tritonclient needs
another protobuf than onnx. A test compares the two where there is an environment with tritonclient.
"""

import json
import os
import subprocess
from functools import cache

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

# The interpreter of an environment with tritonclient.
CLIENTS = os.environ.get("FAIRREG_TEST_CLIENTS")
_READ = """
import json, sys
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig
read = [text_format.Parse(text, ModelConfig()) for text in json.load(sys.stdin)]
print(json.dumps([item.SerializeToString(deterministic=True).hex() for item in read]))
"""
_FIELD = descriptor_pb2.FieldDescriptorProto
_STRING, _INT32, _INT64, _BOOL = _FIELD.TYPE_STRING, _FIELD.TYPE_INT32, _FIELD.TYPE_INT64, _FIELD.TYPE_BOOL
TYPES = (
    *("INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"),
    *("FP16", "FP32", "FP64", "STRING", "BF16"),
)
_TENSOR = {
    "name": (1, _STRING, False),
    "dims": (4, _INT64, True),
    "reshape": (5, "Reshape", False),
}
_MESSAGES = {
    "Reshape": {"shape": (1, _INT64, True)},
    "Batching": {"preferred_batch_size": (1, _INT32, True)},
    "Input": {**_TENSOR, "data_type": (2, "DataType", False), "optional": (8, _BOOL, False)},
    "Output": {
        **_TENSOR,
        "data_type": (2, "DataType", False),
        "dims": (3, _INT64, True),
    },
    "Config": {
        "name": (1, _STRING, False),
        "platform": (2, _STRING, False),
        "backend": (17, _STRING, False),
        "max_batch_size": (4, _INT32, False),
        "input": (5, "Input", True),
        "output": (6, "Output", True),
        "dynamic_batching": (11, "Batching", False),
    },
}
# ONNX's element types, as onnxruntime calls them, where Triton's are not the same in capital letters.
_NAMES = {"float": "FP32", "double": "FP64", "float16": "FP16"}


@cache
def _config():
    file = descriptor_pb2.FileDescriptorProto(name="triton.proto", package="triton", syntax="proto3")
    types = file.enum_type.add(name="DataType")
    for number, name in enumerate(TYPES):
        types.value.add(name=f"TYPE_{name}", number=number)
    for message, fields in _MESSAGES.items():
        added = file.message_type.add(name=message)
        for name, (number, kind, repeated) in fields.items():
            field = added.field.add(name=name, number=number, label=3 if repeated else 1)
            if isinstance(kind, str):
                field.type = _FIELD.TYPE_ENUM if kind == "DataType" else _FIELD.TYPE_MESSAGE
                field.type_name = f".triton.{kind}"
            else:
                field.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("triton.Config"))


def parsed(text):
    """The configuration in a config.pbtxt, read by protobuf."""
    return text_format.Parse(text, _config()())


def read_by_tritonclient(texts):
    """The configurations in these texts as tritonclient's own message reads them, serialised."""
    done = subprocess.run(
        [CLIENTS, "-c", _READ], input=json.dumps(texts), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [bytes.fromhex(item) for item in json.loads(done.stdout)]


def check(config, session):
    """Assert what Triton and its ONNX Runtime backend check when they load the model of the session.

    After ValidateIOShape (core, model_config_utils.cc), ValidateInputs, ValidateOutputs and
    CompareDimsSupported (onnxruntime_backend, onnxruntime.cc and onnxruntime_utils.cc).
    """
    assert (config.platform, config.backend) == ("onnxruntime_onnx", "onnxruntime")
    batched = config.max_batch_size > 0
    known = {item.name: item for item in (*session.get_inputs(), *session.get_overridable_initializers())}
    required = [item.name for item in config.input if not item.optional]
    assert required == [item.name for item in session.get_inputs()]
    assert not (batched and len(required) < len(config.input))
    for item in config.input:
        _check_tensor(item, known[item.name], batched, exact=False)
    for item, argument in zip(config.output, session.get_outputs(), strict=True):
        assert item.name == argument.name
        _check_tensor(item, argument, batched, exact=True)


def _check_tensor(item, argument, batched, *, exact):
    element = argument.type.removeprefix("tensor(").removesuffix(")")
    assert TYPES[item.data_type] == _NAMES.get(element, element.upper())
    assert item.name
    assert item.dims
    assert all(size >= 1 or size == -1 for size in item.dims)
    assert batched or not item.HasField("reshape")
    dims = list(item.reshape.shape if item.HasField("reshape") else item.dims)
    shape = [size if isinstance(size, int) else -1 for size in argument.shape]
    if not shape:
        assert not batched
        assert set(dims) == {1}
        return
    whole = [-1, *dims] if batched else dims
    assert not batched or shape[0] == -1
    assert len(whole) == len(shape)
    assert all(given == wanted for given, wanted in zip(whole, shape, strict=True) if exact or wanted != -1)
