# SPDX-License-Identifier: MIT
"""A model that the server runs: its metadata, and the answer to one request."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from fairreg.errors import ModelError
from fairreg.runners import Runner
from fairreg.runners.signature import is_optional
from fairreg.schemas.record import ANY_AXES, Tensor
from fairreg.server.inference.answer_body import answer, check_outputs
from fairreg.server.inference.datatypes import served_type
from fairreg.server.inference.engine_queue import EngineQueue
from fairreg.server.inference.held_bytes import PiecewiseResponse
from fairreg.server.inference.request_body import read_request
from fairreg.services.run.named_models import NamedModel

__all__ = ["ServedModel"]


class ServedModel:
    """A named model with the queue of its requests. Raises ModelError where the protocol cannot serve it."""

    def __init__(self, named: NamedModel, queue: EngineQueue | None = None) -> None:
        self.name, self.record = named.name, named.loaded.record
        self._runner, self._queue = named.loaded.runner, queue or EngineQueue()
        self.metadata = self._described(self._runner)
        self._outputs = tuple(item.name for item in self._runner.outputs)

    def _described(self, runner: Runner) -> dict[str, Any]:
        """Model metadata of the protocol. Inputs that may be left out are not among them."""
        try:
            every = {item.name: _metadata(item) for item in (*runner.inputs, *runner.defaults)}
            outputs = [_metadata(item) for item in runner.outputs]
        except ModelError as error:
            raise ModelError(f"The model {self.name} cannot be served: {error.message}") from error
        needed = [every[item.name] for item in runner.inputs if not is_optional(item.dtype)]
        return {"name": self.name, "platform": _platform(runner), "inputs": needed, "outputs": outputs}

    async def infer(self, body: bytes, header_length: int | None, request: Request) -> PiecewiseResponse:
        """Answer an inference request. Raises InferenceFault, ModelError, ClientDisconnect."""
        return await self._queue.run(lambda: self._answer(body, header_length), request)

    def close(self) -> None:
        """End its thread."""
        self._queue.close()

    def _answer(self, body: bytes, header_length: int | None) -> PiecewiseResponse:
        given = read_request(body, header_length)
        check_outputs(given, self._outputs)
        found = self._runner.run(given.arrays)
        return answer(self.name, given, found, self._outputs)


def _metadata(tensor: Tensor) -> dict[str, Any]:
    """The metadata of an input or output; free axes are -1, and so is a shape that is not stated."""
    stated = {"name": tensor.name, "datatype": served_type(tensor), "shape": _shape(tensor.shape)}
    return stated if ANY_AXES not in tensor.shape else {**stated, "parameters": {"any_shape": True}}


def _shape(axes: Iterable[int | str]) -> list[int]:
    return [size if isinstance(size, int) and size >= 0 else -1 for size in axes]


def _platform(runner: Runner) -> str:
    """The engine and the format that it runs, such as ``onnxruntime_onnx``."""
    engine = (runner.engine or runner.name).partition(" ")[0].lower()
    return engine if engine == runner.name else f"{engine}_{runner.name}"
