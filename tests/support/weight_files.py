# SPDX-License-Identifier: MIT
"""Weight files; those of PyTorch are written byte by byte, so that no test of the readers needs it."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "float16": "HalfStorage",
    "int64": "LongStorage",
}
SAFETENSORS = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64"}


class Opcodes:
    """Pieces of a protocol 2 pickle."""

    empty_tuple, none, reduce, build = b")", b"N", b"R", b"b"

    @staticmethod
    def text(value: str) -> bytes:
        raw = value.encode()
        return b"X" + struct.pack("<I", len(raw)) + raw

    @staticmethod
    def integer(value: int) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    @staticmethod
    def tuple(*items: bytes) -> bytes:
        return b"(" + b"".join(items) + b"t"

    @staticmethod
    def name(module: str, name: str) -> bytes:
        return f"c{module}\n{name}\n".encode()

    def call(self, module: str, name: str, *arguments: bytes) -> bytes:
        return self.name(module, name) + self.tuple(*arguments) + self.reduce

    def mapping(self, items: dict[str, bytes]) -> bytes:
        pairs = b"".join(self.text(key) + value for key, value in items.items())
        return self.call("collections", "OrderedDict") + b"(" + pairs + b"u"

    def storage(self, kind: str, key: str, count: int, *more: bytes) -> bytes:
        fields = (self.text("storage"), self.name("torch", kind), self.text(key), self.text("cpu"))
        return self.tuple(*fields, self.integer(count), *more) + b"Q"

    def tensor(self, storage: bytes, shape, strides, offset=0) -> bytes:
        sizes, steps = (self.tuple(*map(self.integer, numbers)) for numbers in (shape, strides))
        hooks = self.call("collections", "OrderedDict")
        return self.call(
            "torch._utils", "_rebuild_tensor_v2", storage, self.integer(offset), sizes, steps, b"\x89", hooks
        )


class Files:
    """Writers of the formats; `extra` adds raw pickle values to the state dict."""

    op = Opcodes()

    def state_dict(self, tensors, more=(), extra=None) -> bytes:
        items = {
            name: self._tensor(str(key), array, more) for key, (name, array) in enumerate(tensors.items())
        }
        return b"\x80\x02" + self.op.mapping(items | (extra or {})) + b"."

    def _tensor(self, key, array, more) -> bytes:
        strides = [step // array.itemsize for step in array.strides]
        storage = self.op.storage(STORAGES[array.dtype.name], key, array.size, *more)
        return self.op.tensor(storage, array.shape, strides)

    def checkpoint(self, tensors, build, kind="zipped") -> bytes:
        """A file with what `build` makes of the opcodes and of those of each tensor by its name."""
        more = (self.op.none,) if kind == "legacy" else ()
        pieces = {
            name: self._tensor(str(key), array, more) for key, (name, array) in enumerate(tensors.items())
        }
        return getattr(self, kind)(tensors, state_dict=b"\x80\x02" + build(self.op, pieces) + b".")

    def legacy(self, tensors, extra=None, state_dict=None) -> bytes:
        keys = [str(key) for key in range(len(tensors))]
        parts = [pickle.dumps(MAGIC, 2), pickle.dumps(PROTOCOL, 2), pickle.dumps({"little_endian": True}, 2)]
        parts += [state_dict or self.state_dict(tensors, (self.op.none,), extra), pickle.dumps(keys, 2)]
        return b"".join(parts) + b"".join(
            struct.pack("<q", array.size) + array.tobytes("K") for array in tensors.values()
        )

    def zipped(self, tensors, extra=None, state_dict=None, compression=zipfile.ZIP_STORED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            archive.writestr("archive/data.pkl", state_dict or self.state_dict(tensors, (), extra))
            archive.writestr("archive/version", "3\n")
            archive.writestr("archive/byteorder", "little")
            for key, array in enumerate(tensors.values()):
                archive.writestr(f"archive/data/{key}", array.tobytes("K"))
        return stream.getvalue()

    @staticmethod
    def safetensors(tensors) -> bytes:
        header, end = {"__metadata__": {"format": "pt"}}, 0
        for name, array in tensors.items():
            entry = {"dtype": SAFETENSORS[array.dtype.name], "shape": list(array.shape)}
            header[name] = entry | {"data_offsets": [end, end + array.nbytes]}
            end += array.nbytes
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in tensors.values())

    @staticmethod
    def onnx(tensors) -> bytes:
        from onnx import TensorProto, helper, numpy_helper

        initializers = [
            numpy_helper.from_array(np.array(array, order="C"), name) for name, array in tensors.items()
        ]
        initializers.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "an_axis"))
        value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
        node = helper.make_node("Relu", ["x"], ["y"])
        graph = helper.make_graph([node], "graph", value[:1], value[1:], initializers)
        opset = helper.make_opsetid("", 17)
        return helper.make_model(graph, ir_version=8, opset_imports=[opset]).SerializeToString()


def saved(tensors, path):
    """Save tensors with the library of safetensors; return the path."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path)
    return path
