# SPDX-License-Identifier: MIT
"""TensorFlow Lite models written here, with the classes that ai-edge-litert ships, and their definitions."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema

__all__ = ["Builder", "convolution", "dense", "packed", "quantised", "schema"]

KINDS = {"float32": "FLOAT32", "int8": "INT8", "int32": "INT32"}


class Builder:
    """One graph in the making."""

    def __init__(self):
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.buffers, self.model.operatorCodes = 3, [schema.BufferT()], []
        self.model.subgraphs, self.model.signatureDefs = [self.graph], []
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, name, shape, dtype="float32", *, free=False, value=None, scale=None, zero=0):
        """Add a tensor; `free`: its first axis may have any length."""
        found = schema.TensorT()
        found.name, found.shape, found.type = name, list(shape), getattr(schema.TensorType, KINDS[dtype])
        found.shapeSignature = [-1, *shape[1:]] if free else None
        found.buffer = 0
        if value is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.asarray(value, dtype).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            found.buffer = len(self.model.buffers) - 1
        if scale is not None:
            found.quantization = schema.QuantizationParametersT()
            found.quantization.scale, found.quantization.zeroPoint = [scale], [zero]
        self.graph.tensors.append(found)
        return len(self.graph.tensors) - 1

    def operator(self, kind, inputs, outputs, options=None, custom=None, **values):
        """Add an operator; `options` names its table of options, whose fields are `values`."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode, code.version, code.customCode = min(code.builtinCode, 127), 1, custom
        self.model.operatorCodes.append(code)
        found = schema.OperatorT()
        found.opcodeIndex, found.inputs, found.outputs = len(self.model.operatorCodes) - 1, inputs, outputs
        if options:
            found.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            found.builtinOptions = getattr(schema, f"{options}T")()
            for key, value in values.items():
                setattr(found.builtinOptions, key, value)
        self.graph.operators.append(found)

    def signature(self, key, inputs, outputs):
        """Add a signature of (name, tensor) pairs."""
        found = schema.SignatureDefT()
        found.signatureKey, found.subgraphIndex = key, 0
        found.inputs, found.outputs = _maps(inputs), _maps(outputs)
        self.model.signatureDefs.append(found)

    def ends(self, inputs, outputs):
        """State the inputs and outputs of the graph, and return the file."""
        self.graph.inputs, self.graph.outputs = inputs, outputs
        return packed(self.model)


def _maps(pairs):
    found = []
    for name, index in pairs:
        item = schema.TensorMapT()
        item.name, item.tensorIndex = name, index
        found.append(item)
    return found


def packed(model):
    """The bytes of a model."""
    builder = schema.flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def dense(*, signature=True, free=True, kind="SOFTMAX", custom=None):
    """x W^T + b, ReLU, softmax: (rows, 4) to (rows, 3); return the file and its definition."""
    random = np.random.default_rng(0)
    weights, bias = random.normal(size=(3, 4)).astype("f4"), random.normal(size=3).astype("f4")
    make = Builder()
    x, hidden, y = (
        make.tensor(name, shape, free=free) for name, shape in (("x", [1, 4]), ("h", [1, 3]), ("y", [1, 3]))
    )
    held = [make.tensor("w", [3, 4], value=weights), make.tensor("b", [3], value=bias)]
    relu = schema.ActivationFunctionType.RELU
    make.operator(
        "FULLY_CONNECTED", [x, *held], [hidden], "FullyConnectedOptions", fusedActivationFunction=relu
    )
    make.operator(kind, [hidden], [y], "SoftmaxOptions" if kind == "SOFTMAX" else None, custom=custom, **(
        {"beta": 1.0} if kind == "SOFTMAX" else {}
    ))  # fmt: skip
    if signature:
        make.signature("serving_default", [("features", x)], [("classes", y)])

    def definition(values):
        powers = np.exp(np.maximum(values @ weights.T.astype(float) + bias, 0))
        return powers / powers.sum(axis=1, keepdims=True)

    return make.ends([x], [y]), definition


def quantised():
    """An int8 ReLU: real input 0.5 (q + 10), real output 0.25 (q + 128)."""
    make = Builder()
    x = make.tensor("x", [1, 5], "int8", free=True, scale=0.5, zero=-10)
    y = make.tensor("y", [1, 5], "int8", free=True, scale=0.25, zero=-128)
    make.operator("RELU", [x], [y])
    return make.ends([x], [y])


def convolution():
    """A convolution 3 x 3 of one image of 6 x 6 places and 2 channels, fixed to one row."""
    random = np.random.default_rng(1)
    kernel, bias = random.normal(size=(3, 3, 3, 2)).astype("f4"), random.normal(size=3).astype("f4")
    make = Builder()
    x, y = make.tensor("x", [1, 6, 6, 2]), make.tensor("y", [1, 4, 4, 3])
    held = [make.tensor("k", kernel.shape, value=kernel), make.tensor("b", [3], value=bias)]
    make.operator(
        "CONV_2D", [x, *held], [y], "Conv2DOptions", padding=schema.Padding.VALID, strideW=1, strideH=1
    )

    def definition(image):
        found = np.zeros((1, 4, 4, 3))
        for row in range(4):
            for column in range(4):
                window = image[0, row : row + 3, column : column + 3]
                found[0, row, column] = np.einsum("yxc,oyxc->o", window, kernel) + bias
        return found

    return make.ends([x], [y]), definition
