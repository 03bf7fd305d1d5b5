# SPDX-License-Identifier: MIT
"""Targets of the fuzz campaign: the readers of foreign input, each with a corpus of small files made here."""

import json
import random
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fairreg import formats, harvesters
from fairreg.errors import RecordError
from fairreg.harvesters import Hit
from fairreg.harvesters.common.oai_pmh import read_page
from fairreg.harvesters.huggingface.mapping import envelope
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import read_record
from fairreg.services.harvest.harvest import HarvesterFault, submission_of, withdrawal_of
from fairreg.settings import Settings
from fairreg.web import HttpClient, Response, RetryPolicy
from support import bad_items, hbb
from support.fitting import fitting
from support.full_record import FULL
from support.fuzz_files import file_targets
from support.fuzzing import LETTERS, Target, damaged, mutated, spoiled
from support.known_services import OAI, payloads

__all__ = ["FILES", "TEXTS", "closed_sockets", "targets"]

# How many inputs the full campaign takes of each.
TEXTS, FILES = 100_000, 10_000


def targets(folder: Path, *, make: bool = True) -> dict[str, Target]:
    """Every target by name; `folder` is for the files that they read, where they are to read any."""
    found = [
        Target("read_record", _document, _take_document, seconds=4.0),
        Target("identifiers", _identifier, _take_identifier),
        Target("urls", _url, partial(_take_url, _client(folder))),
        Target("pages", _page, _take_page),
        *(
            Target(f"to_record {name}", partial(_payload, name), partial(_take_payload, name))
            for name in _PAYLOADS
        ),
        *file_targets(folder),
    ]
    for target in file_targets(folder) if make else ():
        (folder / target.name).mkdir(parents=True, exist_ok=True)
    return {target.name: target for target in found}


# --- documents ----------------------------------------------------------------------------------------------

READERS = tuple(item.NAME for item in formats.all_formats() if hasattr(item, "read"))


@cache
def _documents() -> tuple[tuple[str, bytes], ...]:
    """What each readable format writes of a full record, and linked data of others."""
    written = [(name, formats.get(name).write(fitting(formats.get(name), FULL))) for name in READERS]
    own = [(name, text.encode() if isinstance(text, str) else text) for name, text in written]
    others = [
        {"@context": "https://schema.org/", "@type": "Dataset", "name": "x", "identifier": "10.5281/zenodo.1"}
    ]
    others += [{"@graph": [others[0], {"@id": "#a", "@type": ["Person"], "name": ["A", {"@value": "B"}]}]}]
    return (*own, *(("jsonld", json.dumps(item).encode()) for item in others))


def _document(chance: random.Random) -> tuple[str, bytes]:
    name, content = chance.choice(_documents())
    if chance.random() < 0.7:
        try:
            changed = mutated(json.loads(content), chance)
            return name, json.dumps(changed, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
        except ValueError:  # a format that is not JSON
            text = spoiled(
                content.decode(), chance, (*LETTERS, "\n---\n", "\n- ", ": ", "&a ", "*a", "!!python/x ")
            )
            return name, text.encode("utf-8", "surrogatepass")
    return name, damaged(content, chance, chance.choice(_documents())[1])


def _take_document(given: tuple[str, bytes]) -> None:
    name, content = given
    if name in {"json", "jsonld", "fair4ml"}:
        record = read_record(content)
        _check_record(record)
    formats.get(name).read(content)


def _check_record(record: ModelRecord) -> None:
    """A record can be stored and read again."""
    text = json.dumps(record.to_json(), ensure_ascii=False).encode("utf-8")
    assert ModelRecord.from_json(json.loads(text)) == record


# --- identifiers and addresses ------------------------------------------------------------------------------

_SPELLINGS = (
    "10.5281/zenodo.7305227", "doi:10.7483/OPENDATA.CMS.JGJX.MS7Q", "https://doi.org/10.1000/a(b)c<d>",
    "DOI 10.1/x", "https://zenodo.org/records/7305227/files/a.zip?download=1", "zenodo:7305227",
    "oai:zenodo.org:12345", "huggingface:google-bert/bert-base-uncased",
    "https://huggingface.co/datasets/a/b/tree/main", "hf:a/b",
    "https://github.com/FAIR4HEP/hbb_interaction_network/tree/v0.1.1", "git@github.com:a/b.git", "gh:a/b",
    "arXiv:2212.05081v2", "https://arxiv.org/pdf/hep-ph/9901234.pdf", "0000-0002-5076-7096",
    "orcid:0000-0002-1825-0097", "swh:1:dir:247168dd727c19cef2ce885476d3e4102d2ca7de;origin=https://x",
    "cernopendata:12102", "https://opendata.cern.ch/record/12102", "openml:flow/7",
    "https://www.openml.org/f/7", "dlhub:a/b", "https://www.kaggle.com/a/b", "pypi:fairreg",
    "catalogue:fairreg-hbb-reference-1", "a/b", "model.onnx", "", "https://api.datacite.org/dois/10.1%2Fx",
    "info:doi/10.1000/182", "urn:doi:10.1000/182", "https://x.org/?q=1#f",
)  # fmt: skip
_HOSTS = (
    "zenodo.org", "zenodo.org:443", "user:secret@zenodo.org", "localhost", "127.0.0.1", "127.1",
    "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::]", "0.0.0.0",
    "169.254.169.254", "10.0.0.1", "192.168.1.1", "100.64.0.1", "[fe80::1%25eth0]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "faß.de", "K.com", "127。0。0。1", "①②⑦.⓪.⓪.①", "127%2e0.0.1", "127.0.0.1\\@zenodo.org",
    "zenodo.org@127.0.0.1", "nowhere.invalid", "a" * 70 + ".org", ".org", "xn--a", "xn--80ak6aa92e.com",
    "[", "]", "[::1", "zenodo.org:99999", "zenodo.org:x",
)  # fmt: skip
_SCHEMES = ("http", "https", "HTTP", "https", "http", "ftp", "file", "javascript", "", "http:", "https ")
_PATHS = (
    "", "/", "/a b", "/a%2fb", "/a?b=c#d", "//127.0.0.1/", "/\\..\\", "/../..", "/%00", "/é", "?x", "#y",
    "/a\nHost: b",
)  # fmt: skip


def _identifier(chance: random.Random) -> str:
    if chance.random() < 0.05:
        return "".join(chance.choice(LETTERS) for _ in range(chance.choice((3, 30, 3000))))
    text = spoiled(chance.choice(_SPELLINGS), chance, LETTERS)
    return text * chance.choice((1, 1, 1, 1, 2, 200)) if chance.random() < 0.05 else text


def _take_identifier(text: str) -> None:
    found = parse(text)
    found.compact.encode("utf-8")
    str(found.url).encode("utf-8")
    assert parse(found.compact).key == found.key  # what a command prints, others take


def _url(chance: random.Random) -> str:
    url = f"{chance.choice(_SCHEMES)}://{chance.choice(_HOSTS)}{chance.choice(_PATHS)}"
    return spoiled(url, chance, LETTERS) if chance.random() < 0.8 else url


def _client(folder: Path) -> HttpClient:
    settings = Settings(home=folder / "home", database_url="sqlite://")
    return HttpClient(settings, patience=RetryPolicy(retries=0), sleep=lambda _seconds: None)


def _take_url(client: HttpClient, url: str) -> None:
    with closed_sockets():
        client.get(url)


class PrivateAddressAsked(AssertionError):
    """A request was sent to a private address."""


@contextmanager
def closed_sockets() -> Iterator[None]:
    """No name is resolved and nothing is sent; what would be sent to a private address is a failure.

    Addresses of all spellings are understood as the system does, names become one public address.
    """
    really = socket.getaddrinfo
    reached: dict[int, Any] = {}

    def resolved(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        try:
            return really(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
        except (socket.gaierror, UnicodeError):
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
            if name.endswith(".invalid") or not isinstance(port, int):
                raise
            address = "127.0.0.1" if name.rstrip(".").lower().endswith("localhost") else "93.184.215.14"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connected(self: socket.socket, address: Any) -> None:
        reached[id(self)] = address

    def peer(self: socket.socket) -> Any:
        if id(self) not in reached:
            raise OSError("not connected")
        return reached[id(self)]

    def sent(self: socket.socket, *_: object, **_options: object) -> int:
        _require_public(reached.get(id(self)))
        raise ConnectionResetError("nothing is sent here")

    def secured(_context: ssl.SSLContext, sock: socket.socket, *_: object, **_options: object) -> Any:
        _require_public(reached.get(id(sock)))
        raise ssl.SSLError("nothing is sent here")

    with (
        patch("socket.getaddrinfo", resolved),
        patch.object(socket.socket, "connect", connected),
        patch.object(socket.socket, "getpeername", peer),
        patch.object(socket.socket, "sendall", sent),
        patch.object(socket.socket, "send", sent),
        patch.object(ssl.SSLContext, "wrap_socket", secured),
    ):
        yield


def _require_public(address: Any) -> None:
    if address is not None and not ip_address(str(address[0]).partition("%")[0]).is_global:
        raise PrivateAddressAsked(str(address))


# --- payloads -----------------------------------------------------------------------------------------------


@cache
def _corpus(name: str) -> tuple[Any, ...]:
    """Payloads of a source: the known answer, and the fixtures that its tests wrote by hand."""
    return tuple(_PAYLOADS[name]())


def _of_tests(module: str, *names: str) -> list[Any]:
    found = import_module(f"harvesters.{module}")
    return [getattr(found, name) for name in names]


_PAYLOADS: dict[str, Callable[[], list[Any]]] = {
    "cernopendata": lambda: [payloads()["cernopendata"], *_of_tests("test_cernopendata", "RECORD")],
    "datacite": lambda: [
        payloads()["datacite"], hbb.registration(hbb.DOI), *_of_tests("test_datacite", "DOCUMENT")
    ],
    "dlhub": lambda: [payloads()["dlhub"], *_of_tests("test_dlhub", "SERVABLE", "FLAT")],
    "garden": lambda: _of_tests("test_garden", "GARDEN", "FUNCTION"),
    "github": lambda: [payloads()["github"], *_of_tests("test_github_record", "ENVELOPE")],
    "huggingface": lambda: [
        payloads()["huggingface"], envelope(
            *_of_tests("test_huggingface_record", "INFO", "CARD"),
            results={".eval_results/all.yaml": _of_tests("test_huggingface_record", "RESULTS")[0]},
        )
    ],
    "openml": lambda: [payloads()["openml"], *_of_tests("test_openml", "FLOW")],
    "zenodo": lambda: [
        payloads()["zenodo"], hbb.record(b""), *_of_tests("zenodo_payloads", "RECORD", "NATIVE")
    ],
    "zenodo_oai": lambda: [
        read_page(OAI.encode(), title="Zenodo").records[0], *_of_tests("test_zenodo_oai", "PAYLOAD")
    ],
}  # fmt: skip


def _payload(name: str, chance: random.Random) -> Any:
    return mutated(chance.choice(_corpus(name)), chance)


def _take_payload(name: str, payload: Any) -> None:
    harvester = harvesters.get(name)
    list(harvester.split(payload))
    harvester.recognises(payload)
    if isinstance(payload, dict):
        harvester.withdrawn(payload)
    _check_record(harvester.to_record(payload))


# --- pages of the sources -----------------------------------------------------------------------------------

_SERVICES = {"globus": "dlhub", **{name: name for name in sorted({*_PAYLOADS} - {"dlhub", "garden"})}}


@cache
def _whole_page(service: str) -> bytes:
    if service == "zenodo_oai":
        return bad_items.oai_page(*map(bad_items.oai_record, (1, 2, 3)), token="next")
    return bad_items.page(service, [b'{"id": 7}'])


def _page(chance: random.Random) -> tuple[str, bytes]:
    """A page with bytes of others in it, or with bad items between good ones."""
    service = chance.choice(tuple(_SERVICES))
    if chance.random() < 0.5:
        return service, damaged(_whole_page(service), chance, _whole_page(chance.choice(tuple(_SERVICES))))
    if service == "zenodo_oai":
        words = damaged(chance.choice(tuple(bad_items.BAD_RECORDS.values())), chance, b"</title></record>")
        return service, bad_items.oai_page(bad_items.oai_record(1), bad_items.oai_record(2, words), token="x")
    item = damaged(chance.choice(tuple(bad_items.UNREADABLE.values())[:-1]), chance, b'{"id": [1]}')
    return service, bad_items.page(service, [item])


def _take_page(given: tuple[str, bytes]) -> None:
    service, content = given
    harvester = harvesters.get(_SERVICES[service])
    page = content if service == "zenodo_oai" else Response("https://x.org/", 200, {}, content).listing()
    for payload in harvester.split(page):
        hit = Hit.of(payload)
        try:
            if withdrawal_of(harvester, hit) is None:
                _check_record(submission_of(harvester, hit).record)
        except HarvesterFault as error:
            raise AssertionError(error.message) from error.__cause__
        except RecordError:
            continue
