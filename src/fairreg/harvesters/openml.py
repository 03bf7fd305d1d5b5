# SPDX-License-Identifier: MIT
"""OpenML: its flows, which are machine-learning algorithms and pipelines (https://www.openml.org/apis).

The JSON is XML turned into JSON: numbers are text, and a repeatable element is one value or a list. An error
is HTTP 412 with ``{"error": {"code", "message"}}``; a list without results is such an error too.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    FairregError,
    NotFound,
    Offline,
    RateLimited,
    UsageError,
)
from fairreg.formats.contents import file_format, media_type
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.paging import is_last, object_of
from fairreg.schemas.datacite_terms import distinct_identifiers, distinct_relations
from fairreg.schemas.file_address import file_address, name_in_address, quoted_part
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import spdx
from fairreg.schemas.record import Creator, Distribution, FieldOrigin, ModelRecord, Provenance, Relation
from fairreg.schemas.text import plain_text, split_keywords
from fairreg.web import HttpClient, Response
from fairreg.web.listings import damaged_payload

__all__ = ["HARVESTER", "OpenMLHarvester"]

API = "https://www.openml.org/api/v1/json"
PAGES = "https://www.openml.org/f/"
_FLOW = re.compile(r"(?:flow|flows|f)/(\d{1,15})")
# Flows in a row whose requests fail, each after its retries, before OpenML counts as down.
_MOST_FAILURES = 3
_FRAMEWORKS = {
    "sklearn": "scikit-learn",
    "scikit-learn": "scikit-learn",
    "keras": "Keras",
    "torch": "PyTorch",
    "tensorflow": "TensorFlow",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "weka": "Weka",
    "mlr": "mlr",
}


class OpenMLHarvester(Harvester):
    """OpenML's flows. A list names them; each flow is requested on its own."""

    name: ClassVar[str] = "openml"
    # The search matches tags instead of words, and needs one more request per hit.
    searchable: ClassVar[bool] = False

    def handles(self, identifier: Identifier) -> bool:
        """``openml:flow/<number>`` and the addresses of flows; a bare number may be a data set's."""
        return _number(identifier) is not None

    def query_fault(self, query: str) -> str | None:
        """Return why OpenML would refuse a query: it takes one tag."""
        return "OpenML takes one tag per query, without blanks" if len(query.split()) > 1 else None

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """The flow of a number. Raises NotFound, UsageError."""
        number = _number(identifier)
        if number is None:
            raise UsageError(f"OpenML has no flow {identifier.compact}.", hint="Give openml:flow/<number>.")
        answer = _ask(web, f"{API}/flow/{number}")
        if answer is None:
            raise NotFound(f"OpenML has no flow {number}.", hint="Check the number.")
        return FetchedPayload(object_of(answer, "OpenML", "flow"), answer.body, answer.url)

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
        """Pages of flows with the tag `query` (OpenML has no search by words), all of them for an empty one.

        A flow never changes, so `since` keeps those uploaded from that day on.
        """
        offset, size = _read_cursor(cursor, min(page_size or self.guest_page_limit, limit or 10_000))
        left, before = limit, None
        while left is None or left > 0:
            listed = self._listed(web.asking("search"), query.strip(), offset, size)
            if listed and listed == before:  # a damaged page does not say whether it is the last
                return
            before = listed
            hits = tuple(self._flows(web, listed[:left], since))
            offset += size
            onward = urlencode({"offset": offset, "size": size}) if not is_last(listed, size) else None
            yield HitPage(hits, onward)
            left = None if left is None else left - len(hits)
            if onward is None:
                return

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a flow, also of its line in a list. Raises RecordError with the JSON path."""
        return _record_of(JsonNode(payload))

    def stated_files(self, payload: Payload) -> dict[str, str]:
        """Return the dependencies of a flow and the values of its parameters."""
        flow = _flow(JsonNode(payload))
        parameters = {
            name: value
            for item in flow["parameter"].items()
            if (name := item["name"].text) and (value := item["default_value"].text) and value != "null"
        }
        found = {
            "requirements.txt": "\n".join(re.split(r"[,;\s]+", flow["dependencies"].text or "")),
            "hyperparameters.json": "",
        }
        if parameters:
            found["hyperparameters.json"] = json.dumps(parameters)
        return {name: text for name, text in found.items() if text}

    def split(self, page: object) -> Iterator[Payload]:
        """The flows of a list, or the one document itself."""
        top = JsonNode(page)
        listed = top.at("flows", "flow") if top["flows"].is_object else top
        yield from payloads_of(listed)

    def _listed(self, web: HttpClient, tag: str, offset: int, size: int) -> list[Payload]:
        """The lines of one page of the list."""
        tagged = f"/tag/{quoted_part(tag)}" if tag else ""
        answer = _ask(web, f"{API}/flow/list{tagged}/limit/{size}/offset/{offset}")
        if answer is None:
            return []
        top = JsonNode(answer.listing())
        if not top["flows"].is_object:
            raise BadAnswer("OpenML did not answer with a list of flows.", hint="Try again later.")
        return list(self.split(top.value))

    def _flows(self, web: HttpClient, lines: list[Payload], since: date | None) -> Iterator[Hit]:
        """Yield the flow of each line; a line without a number is a hit itself, which is no record.

        A flow whose request fails is a damaged hit. Raises the error where OpenML gives none: all are
        refused, or several in a row fail.
        """
        first = since.isoformat() if since else ""
        answered, failed, errors = False, 0, []
        for line in lines:
            number = _digits(JsonNode(line)["id"])
            try:
                hit = Hit.of(line) if number is None else _requested(web, number)
                answered, failed = answered or number is not None, 0
            except (RateLimited, Offline):
                raise
            except FairregError as error:
                failed += not isinstance(error, AccessDenied)
                if failed == _MOST_FAILURES:
                    raise
                errors.append(error)
                hit = Hit.of(damaged_payload(f"it cannot be read ({error.message})", "", f"flow/{number}"))
            if hit is not None and (_flow(JsonNode(hit.payload))["upload_date"].date or "9") >= first:
                yield hit
        if len(errors) > 1 and not answered:
            raise errors[0]


def _ask(web: HttpClient, url: str) -> Response | None:
    """Return the answer; None where OpenML has no result (412 or 404)."""
    try:
        return web.get(url)
    except NotFound:
        return None
    except BadAnswer as error:
        if error.status == HTTPStatus.PRECONDITION_FAILED:
            return None
        raise


def _requested(web: HttpClient, number: str) -> Hit | None:
    """Return the flow of a number, a damaged payload where its document cannot be read.

    None where it was deleted after it was listed. Raises the errors of `HttpClient`.
    """
    answer = None
    try:
        answer = _ask(web, f"{API}/flow/{number}")
        return None if answer is None else Hit.of(answer.json())
    except BadAnswer as error:
        body = b"" if answer is None else answer.body
        if error.status is None and (answer is None or body.lstrip()[:1] == b"<"):
            raise  # a page of maintenance says nothing about the flow
        text = body.decode("utf-8", "backslashreplace")
        return Hit.of(damaged_payload(f"it cannot be read ({error.message})", text, f"flow/{number}"))


def _number(identifier: Identifier) -> str | None:
    value = identifier.value
    if identifier.scheme == "url":
        try:
            parts = urlsplit(value)
        except ValueError:
            return None
        if parts.netloc.lower().removeprefix("www.") != "openml.org":
            return None
        asked = dict(parse_qsl(parts.query))
        value = f"flow/{asked.get('id')}" if asked.get("type") == "flow" else parts.path.strip("/")
    elif identifier.scheme != "openml":
        return None
    match = _FLOW.fullmatch(value)
    return match[1] if match else None


def _read_cursor(cursor: str | None, size: int) -> tuple[int, int]:
    if cursor is None:
        return 0, size
    fields = JsonNode(dict(parse_qsl(cursor)))
    offset, kept = fields["offset"].count, fields["size"].count
    if offset is None or not kept:
        raise UsageError(f"{cursor!r} is not a position in an OpenML list.", hint="Start the harvest again.")
    return offset, kept


def _digits(node: JsonNode) -> str | None:
    text = node.text or ""
    return text if _FLOW.fullmatch(f"flow/{text}") and text.isascii() else None


def _flow(top: JsonNode) -> JsonNode:
    return top["flow"] if top["flow"].is_object else top


def _record_of(top: JsonNode) -> ModelRecord:
    if top["data_set_description"].stated:
        raise violation(top["data_set_description"], "makes it a data set, not a flow", source="OpenML")
    flow = _flow(top)
    number, name = _digits(flow["id"]), flow["name"].title
    if number is None:
        raise violation(flow["id"], "is missing", source="OpenML")
    if name is None:
        raise violation(flow["name"], "is missing", source="OpenML")
    if flow is top and not flow["uploader"].stated:
        # Objects of many services have an id and a name; a flow in a list has an uploader as well.
        raise violation(flow["uploader"], "is missing", source="OpenML")
    known = spdx(flow["licence"].text)
    frameworks, shown = _frameworks(flow, name)
    files = tuple(_files(flow))
    return ModelRecord(
        identifier=f"openml:flow/{number}",
        kind="software",
        name=name,
        provenance=_provenance(number, shown),
        description=plain_text(flow["description"].prose or "") or None,
        alternate_names=tuple(
            text for field in ("full_name", "fullName", "custom_name") if (text := flow[field].title)
        ),
        identifiers=distinct_identifiers([Identifier("openml", f"flow/{number}")]),
        version=flow["version"].text,
        creators=tuple(Creator(name=text) for item in flow["creator"].items() if (text := item.title)),
        publisher="OpenML",
        stated_type="flow",
        license=known,
        license_stated=None if known else flow["licence"].title,
        keywords=split_keywords(text for item in flow["tag"].items() if (text := item.text)),
        language=flow["language"].text,
        frameworks=frameworks,
        formats=tuple(dict.fromkeys(item.format for item in files if item.format)),
        date_published=flow["upload_date"].date,
        distributions=files,
        relations=distinct_relations(_parts(flow)),
        notes=_notes(flow),
    )


def _provenance(number: str, shown: str | None) -> Provenance:
    origins = [FieldOrigin("kind", "inferred", "a flow is an algorithm without trained weights")]
    if shown:
        origins.append(FieldOrigin("frameworks", "inferred", shown))
    return Provenance(
        source="openml", source_id=f"flow/{number}", url=f"{PAGES}{number}", origins=tuple(origins)
    )


def _frameworks(flow: JsonNode, name: str) -> tuple[tuple[str, ...], str | None]:
    """Return the frameworks named by the dependencies and the first part of the name, with the evidence."""
    stated = flow["dependencies"].text or ""
    words = [*re.split(r"[,;\s]+", stated), name.split(".", 1)[0]]
    bare = [re.split(r"[=<>~_!]", word, maxsplit=1)[0].lower() for word in words]
    found = tuple(dict.fromkeys(_FRAMEWORKS[word] for word in bare if word in _FRAMEWORKS))
    return found, "dependencies and name" if found else None


def _files(flow: JsonNode) -> Iterator[Distribution]:
    """The source and the binary that a flow may come with."""
    for word in ("source", "binary"):
        url, digest = file_address(flow[f"{word}_url"].value), (flow[f"{word}_md5"].text or "").lower()
        if url:
            name = JsonNode(name_in_address(url)).file_name or word
            valid = re.fullmatch(r"[0-9a-f]{32}", digest)
            yield Distribution(
                name=name,
                url=url,
                checksums=(f"md5:{digest}",) if valid else (),
                media_type=media_type(name),
                format=(flow[f"{word}_format"].text or "").lower() or file_format(name),
            )


def _parts(flow: JsonNode) -> Iterator[Relation]:
    """The flows that a pipeline is made of."""
    for item in flow["component"].items():
        number = _digits(item["flow"]["id"]) or _digits(item["id"])
        if number:
            target = Identifier("openml", f"flow/{number}", item["identifier"].text)
            yield Relation(type="has_part", target=target, target_kind="flow")


def _notes(flow: JsonNode) -> str | None:
    """Return information without a field in the record."""
    stated = {
        "Contributors": "; ".join(text for item in flow["contributor"].items() if (text := item.title)),
        "External version": flow["external_version"].text,
        "Dependencies": flow["dependencies"].text,
        "Installation": flow["installation_notes"].text,
        "Parameters": ", ".join(text for item in flow["parameter"].items() if (text := item["name"].text)),
    }
    return "\n".join(f"{name}: {text}" for name, text in stated.items() if text) or None


HARVESTER = OpenMLHarvester()
