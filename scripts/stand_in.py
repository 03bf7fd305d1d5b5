# SPDX-License-Identifier: MIT
"""A local stand-in for Zenodo, DataCite and doi.org, for the demonstration on a machine without a network.

It answers for one record, 10.5281/zenodo.7305227, in the shapes that the services document. The archive it
serves has the layout of the published one, but its weights are random numbers: what it shows is the way from
a DOI to a result, not a result.
"""

import hashlib
import io
import json
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from fairreg.models.hbb_in.published import PAPER

DOI, NUMBER, CONCEPT = "10.5281/zenodo.7305227", "7305227", "7305173"
NAME = "FAIR4HEP/hbb_interaction_network-v0.1.1.zip"
TITLE = "FAIR4HEP/hbb_interaction_network: v0.1.1 (local stand-in)"
ABSTRACT = "Local stand-in for the record of the Hbb interaction network; its weights are random numbers."
CREATORS = (("Duarte, Javier", "0000-0002-5076-7096"), ("Roy, Avik", "0000-0002-0116-1012"))
README = f"""# {TITLE}

{ABSTRACT}

[![DOI](https://zenodo.org/badge/DOI/{DOI}.svg)](https://doi.org/{DOI})
"""
CITATION = f"""cff-version: 1.2.0
message: A stand-in; cite the published record.
title: {TITLE}
authors:
  - family-names: Duarte
    given-names: Javier
doi: 10.5281/zenodo.{CONCEPT}
license: MIT
"""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """Run the stand-in while the block runs; gives the settings that lead fairreg to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield {
            "FAIRREG_ZENODO_URL": f"{base}/zenodo",
            "FAIRREG_DATACITE_URL": f"{base}/datacite",
            "FAIRREG_DOI_URL": f"{base}/doi",
        }
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == f"/zenodo/api/records/{CONCEPT}":
            self._redirect(f"https://zenodo.org/api/records/{NUMBER}")
        elif path == f"/doi/{DOI}":
            self._redirect(f"https://zenodo.org/records/{NUMBER}")
        elif path in _ANSWERS:
            kind, body = _ANSWERS[path]
            self._send(HTTPStatus.OK, kind, body)
        else:
            self._send(HTTPStatus.NOT_FOUND, "application/json", b'{"status": 404, "message": "Not here."}')

    def _redirect(self, target: str) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet: the demonstration has the floor."""


def _weights() -> bytes:
    """Random weights in the shapes of the paper's network, as safetensors: a header, then bytes."""
    random = np.random.default_rng(7305227)
    header: dict[str, Any] = {}
    body = b""
    for name, shape in PAPER.shapes().items():
        values = (random.normal(size=shape) / np.sqrt(shape[-1])).astype("<f4")
        header[name] = {
            "dtype": "F32",
            "shape": list(shape),
            "data_offsets": [len(body), len(body) + values.nbytes],
        }
        body += values.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        members = {
            "README.md": README.encode(),
            "CITATION.cff": CITATION.encode(),
            "requirements.txt": b"torch\nonnx\nonnxruntime\nh5py\n",
            "models/trained_models/untrained.safetensors": _weights(),
        }
        for name, content in members.items():
            archive.writestr(f"FAIR4HEP-hbb_interaction_network-stand-in/{name}", content)
    return out.getvalue()


def _record(content: bytes) -> dict[str, Any]:
    base = f"https://zenodo.org/api/records/{NUMBER}"
    return {
        "id": int(NUMBER),
        "conceptrecid": CONCEPT,
        "doi": DOI,
        "conceptdoi": f"10.5281/zenodo.{CONCEPT}",
        "metadata": {
            "title": TITLE,
            "doi": DOI,
            "publication_date": "2022-11-09",
            "description": f"<p>{ABSTRACT}</p>",
            "access_right": "open",
            "creators": [{"name": name, "orcid": orcid, "affiliation": None} for name, orcid in CREATORS],
            "version": "v0.1.1",
            "resource_type": {"title": "Software", "type": "software"},
            "license": {"id": "mit-license"},
        },
        "links": {"self": base, "self_html": f"https://zenodo.org/records/{NUMBER}"},
        "files": [
            {
                "key": NAME,
                "size": len(content),
                "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
                "links": {"self": f"{base}/files/{NAME}/content"},
            }
        ],
    }


def _registration() -> dict[str, Any]:
    concept = {
        "relationType": "IsVersionOf",
        "relatedIdentifier": f"10.5281/zenodo.{CONCEPT}",
        "relatedIdentifierType": "DOI",
    }
    attributes = {
        "doi": DOI,
        "creators": [{"name": name} for name, _ in CREATORS],
        "titles": [{"title": TITLE}],
        "publisher": "Zenodo",
        "publicationYear": 2022,
        "types": {"resourceTypeGeneral": "Software"},
        "relatedIdentifiers": [concept],
        "rightsList": [{"rightsIdentifier": "mit", "rightsIdentifierScheme": "SPDX"}],
        "url": f"https://zenodo.org/records/{NUMBER}",
        "state": "findable",
    }
    return {"data": {"id": DOI, "type": "dois", "attributes": attributes}}


def _answers() -> dict[str, tuple[str, bytes]]:
    content = _archive()
    record = _record(content)

    def document(value: Any) -> tuple[str, bytes]:
        return "application/json", json.dumps(value).encode()

    return {
        f"/zenodo/api/records/{NUMBER}": document(record),
        "/zenodo/api/records": document({"hits": {"hits": [record], "total": 1}}),
        f"/zenodo/api/records/{NUMBER}/files/{NAME}/content": ("application/octet-stream", content),
        f"/zenodo/records/{NUMBER}": ("text/html", b"<html><title>stand-in</title></html>"),
        f"/datacite/dois/{DOI}": document(_registration()),
        "/doi/ra/10.5281": document([{"DOI": "10.5281", "RA": "DataCite"}]),
    }


_ANSWERS = _answers()
