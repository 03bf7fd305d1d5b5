# SPDX-License-Identifier: MIT
"""PhysHub's REST API: ``/api/models?q=&page=`` lists models, ``/api/models/<owner>/<name>`` gives one."""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.record import Access, Distribution, ModelRecord, Provenance
from fairreg.web import HttpClient
from physhub.row import SOURCE

API = f"{SOURCE.url}/api/models"


class PhysHubHarvester(Harvester):
    """Models of PhysHub."""

    name: ClassVar[str] = SOURCE.name

    def handles(self, identifier: Identifier) -> bool:
        """Names of models."""
        return identifier.scheme == SOURCE.name

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Return the model that `identifier` names."""
        answer = web.get(f"{API}/{identifier.value}")
        return FetchedPayload(answer.json(), answer.body, answer.url)

    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Iterator[HitPage]:
        """Pages of models, until there is no next one."""
        number: str | None = cursor or "1"
        while number is not None:
            found = web.asking("search").get(API, params={"q": query, "page": number}).listing()
            number = found["next"]
            yield HitPage(tuple(map(Hit.of, found["models"])), number, found["total"])

    def to_record(self, payload: Payload) -> ModelRecord:
        """Map a model. Raises RecordError with the JSON path of what is missing."""
        model = JsonNode(payload)
        name = _text(model["id"])
        return ModelRecord(
            identifier=f"physhub:{name}",
            kind="model",
            name=_text(model["title"]),
            description=model["description"].prose,
            identifiers=(Identifier(SOURCE.name, name),),
            distributions=tuple(_file(name, file) for file in model["files"].items()),
            access=Access(level="open"),
            provenance=Provenance(
                source=SOURCE.name, source_id=name, url=f"{SOURCE.url}/models/{name}", origins=()
            ),
        )

    def split(self, page: object) -> Iterator[Payload]:
        """The models of a saved page, or the one model."""
        top = JsonNode(page)
        listed = top["models"] if top["models"].value is not None else top
        yield from payloads_of(listed)


def _text(node: JsonNode) -> str:
    if node.text is None:
        raise violation(node, "is missing", source=SOURCE.title)
    return node.text


def _file(model: str, file: JsonNode) -> Distribution:
    name, digest = _text(file["name"]), file["sha256"].text
    return Distribution(
        name=name,
        url=f"{SOURCE.url}/files/{model}/{name}",
        size=file["size"].count,
        checksums=(f"sha256:{digest}",) if digest else (),
    )


HARVESTER = PhysHubHarvester()
