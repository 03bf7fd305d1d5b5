# SPDX-License-Identifier: MIT
"""Inference by the models that were named at the start: Open Inference Protocol V2 over HTTP.

Sources: https://github.com/kserve/open-inference-protocol (inference_rest.md), and Triton's extension "Binary
tensor data". Every request is computed by itself, as ``fairreg run`` computes a file: what others ask at
the same time changes no number.
"""

from http import HTTPStatus
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fairreg.server.inference.body_reader import BodyReader, header_length
from fairreg.server.inference.faults import Guarded, InferenceFault
from fairreg.server.inference.held_bytes import HeldBytes
from fairreg.server.inference.served_model import ServedModel
from fairreg.server.origins import refusal_of
from fairreg.server.site import Site

__all__ = ["routes"]

_READS = ("GET", "HEAD")
_EXTENSIONS = ("binary_tensor_data",)
_MOST_NAME = 100  # characters of an unknown name that an answer repeats
_ANEW = {"Cache-Control": "no-store"}


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of this part. Raises ModelError for a model that the protocol cannot serve."""
    part = _Inference(site)
    model = "/v2/models/{name}"
    reads = {
        "/v2": part.server,
        "/v2/": part.server,
        "/v2/health/live": part.live,
        "/v2/health/ready": part.ready,
        "/v2/models": part.models,
        model: part.metadata,
        f"{model}/ready": part.model_ready,
    }
    found: list[BaseRoute] = [Route(path, Guarded(handler, *_READS)) for path, handler in reads.items()]
    found.append(Route(f"{model}/infer", Guarded(part.infer, "POST")))
    found.append(Route("/v2/{rest:path}", Guarded(part.nothing, *_READS, "POST")))
    return found


class _Inference:
    """Handlers of the protocol for the models of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._models = {item.name: ServedModel(item) for item in site.models}
        site.at_end.extend(model.close for model in self._models.values())
        self._held = HeldBytes()
        self._bodies = BodyReader(self._held)

    async def server(self, _request: Request) -> Response:
        """Server metadata."""
        found = {"name": "fairreg", "version": version("fairreg"), "extensions": list(_EXTENSIONS)}
        return JSONResponse(found)

    async def live(self, _request: Request) -> Response:
        """Server live."""
        return JSONResponse({"live": True}, headers=_ANEW)

    async def ready(self, _request: Request) -> Response:
        """Server ready: all models were opened before it listened. The specification calls it "live"."""
        return JSONResponse({"ready": True, "live": True}, headers=_ANEW)

    async def models(self, _request: Request) -> Response:
        """Names of the models, as KServe lists them."""
        return JSONResponse({"models": list(self._models)})

    async def metadata(self, request: Request) -> Response:
        """Model metadata; a Link leads to the record of the model."""
        model = self._model(request)
        link = f'<{self._site.record_url(model.record)}>; rel="describedby"' if model.record else None
        return JSONResponse(model.metadata, headers={"Link": link} if link else None)

    async def model_ready(self, request: Request) -> Response:
        """Model ready."""
        return JSONResponse({"name": self._model(request).name, "ready": True}, headers=_ANEW)

    async def infer(self, request: Request) -> Response:
        """Inference, for programs and for pages of this server."""
        refusal = refusal_of(request.scope, self._site)
        if refusal is not None:
            told = " ".join(filter(None, (refusal.detail, refusal.hint)))
            raise InferenceFault(told, refusal.status, {"Connection": "close"})
        model, length = self._model(request), header_length(request)
        async with self._bodies.read(request) as body:
            answer = await model.infer(body, length, request)
            return self._held.until_sent(answer)

    async def nothing(self, request: Request) -> Response:
        """Any other address."""
        path = request.url.path
        hint = "; models have no versions here" if "/versions/" in path else ""
        if path.endswith("/config"):
            hint = "; model configuration is an extension of Triton, which this server does not have"
        raise InferenceFault(f"There is nothing at this address{hint}.", HTTPStatus.NOT_FOUND)

    def _model(self, request: Request) -> ServedModel:
        name = request.path_params["name"]
        if name not in self._models:
            unknown = f"There is no model {name[:_MOST_NAME]!r} here; /v2/models lists them."
            raise InferenceFault(unknown, HTTPStatus.NOT_FOUND)
        return self._models[name]
