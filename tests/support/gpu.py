# SPDX-License-Identifier: MIT
"""A GPU in host memory: what fairreg asks of cuda-bindings and of TensorRT, hand-written after their docs.

`HostGpu` is ``cuda.bindings.runtime``: memory that is counted, copies that happen at once. `HostTensorRT` is
``tensorrt`` with one plan: an input ``x`` (N, 3) and an output ``y`` twice as large in value.
"""

import ctypes
from enum import IntEnum
from types import SimpleNamespace

import numpy as np

Error = IntEnum("Error", {"cudaSuccess": 0, "cudaErrorMemoryAllocation": 2})


class HostGpu:
    """`events` lists what was done; `limit` bytes are free; `memory` holds what is allocated."""

    def __init__(self, limit=1 << 20):
        self.events, self.memory, self.pinned, self.limit, self.device = [], {}, {}, limit, 0
        self.cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)
        # As in cuda-bindings, every function has its name.
        for name in ("Malloc", "MallocHost", "Free", "FreeHost", "MemcpyAsync", "SetDevice"):
            self._named(f"cuda{name}", getattr(self, f"_{name}"))
        for name in ("StreamCreate", "StreamDestroy", "StreamSynchronize"):
            self._named(f"cuda{name}", self._event(name))
        self.cudaGetErrorString = lambda _error: (Error.cudaSuccess, b"out of memory")
        gpu = SimpleNamespace(name=b"Host GPU", major=9, minor=0)
        self.cudaGetDeviceProperties = lambda _index: (Error.cudaSuccess, gpu)

    def _named(self, name, function):
        def called(*arguments):
            return function(*arguments)

        called.__name__ = name
        setattr(self, name, called)

    def _event(self, name):
        def called(*_):
            self.events.append(name)
            return (Error.cudaSuccess, 7) if name == "StreamCreate" else (Error.cudaSuccess,)

        return called

    def _SetDevice(self, index):
        self.device = index
        return (Error.cudaSuccess,)

    def _Malloc(self, size):
        if size > self.limit:
            return Error.cudaErrorMemoryAllocation, None
        return Error.cudaSuccess, self._kept(self.memory, size)

    def _MallocHost(self, size):
        return Error.cudaSuccess, self._kept(self.pinned, size)

    @staticmethod
    def _kept(where, size):
        block = (ctypes.c_byte * size)()
        where[ctypes.addressof(block)] = block
        return ctypes.addressof(block)

    def _Free(self, address):
        del self.memory[address]
        self.events.append("Free")
        return (Error.cudaSuccess,)

    def _FreeHost(self, address):
        del self.pinned[address]
        return (Error.cudaSuccess,)

    def _MemcpyAsync(self, target, source, size, kind, _stream):
        ours, theirs = (self.memory, self.pinned) if kind == 1 else (self.pinned, self.memory)
        assert target in ours
        assert source in theirs, "a copy from memory that may be moved would wait"
        assert size <= min(len(ours[target]), len(theirs[source]))
        ctypes.memmove(target, source, size)
        return (Error.cudaSuccess,)


class HostTensorRT:
    """The module ``tensorrt``; a plan is ``b"plan"``, everything else is refused."""

    def __init__(self, gpu, most=8):
        self.gpu, self.most = gpu, most
        self.__name__, self.__version__ = "tensorrt", "0"
        self.TensorIOMode = SimpleNamespace(INPUT="in", OUTPUT="out")
        trt = self

        class ILogger:
            Severity = SimpleNamespace(ERROR=1)

        class Runtime:
            def __init__(self, log):
                self.log = log

            def deserialize_cuda_engine(self, plan):
                if plan == b"plan":
                    return _Engine(trt, self.log)
                self.log.log(1, " the plan is damaged ")
                return None

        self.ILogger, self.Runtime = ILogger, Runtime

    @staticmethod
    def nptype(kind):
        return {"float": np.float32}[kind]


class _Engine:
    num_io_tensors = 2

    def __init__(self, trt, log):
        self._trt, self._log = trt, log

    def create_execution_context(self):
        return _Context(self._trt, self._log)

    def get_tensor_name(self, number):
        return "xy"[number]

    def get_tensor_mode(self, name):
        return "in" if name == "x" else "out"

    def get_tensor_shape(self, _name):
        return (-1, 3)

    def get_tensor_dtype(self, _name):
        return "float"

    def __del__(self):
        self._trt.gpu.events.append("engine gone")


class _Context:
    def __init__(self, trt, log):
        self._trt, self._log, self._addresses = trt, log, {}

    def set_input_shape(self, _name, shape):
        if shape[0] > self._trt.most:
            self._log.log(1, "the profile ends before")
            return False
        self._shape = shape
        return True

    def get_tensor_shape(self, _name):
        return self._shape

    def set_tensor_address(self, name, address):
        self._addresses[name] = address

    def execute_async_v3(self, stream):
        assert stream == 7
        count = int(np.prod(self._shape))
        x, y = (
            np.ctypeslib.as_array(self._trt.gpu.memory[self._addresses[name]])[: 4 * count].view("f4")
            for name in "xy"
        )
        y[:] = 2 * x
        return True

    def __del__(self):
        self._trt.gpu.events.append("context gone")
