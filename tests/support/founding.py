# SPDX-License-Identifier: MIT
"""A local stand-in for the record of the founding Hbb network, 10.5281/zenodo.3891869: weights in all forms.

Everything served is hand-written after the documented shapes of the services; names and widths are those of
eric-moreno/IN (gnn.py), the weights are random ones of the tests.
"""

import hashlib
import io
import zipfile

from werkzeug import Response

from fairreg.models.hbb_in.network import onnx_bytes
from support import hbb
from support.networks import FOUNDING, TRACKS_ONLY, WITH_UNUSED, random_tensors
from support.weight_files import Files

NUMBER, CONCEPT = 3891869, 3891868
DOI = f"10.5281/zenodo.{NUMBER}"


def weights(sizes=FOUNDING, seed=3):
    """Random weights whose probabilities on real jets, with features up to hundreds, are not all 0 or 1."""
    tensors = random_tensors(sizes, seed)
    tensors["fc_fixed.weight"] *= 1e-3
    return tensors


def with_pairs(tensors, kind) -> bytes:
    """A PyTorch file as Python 2 wrote it: ``OrderedDict([[name, tensor], ...])``; kind legacy or zipped."""

    def build(op, pieces):
        pairs = b"".join(b"](" + op.text(name) + piece + b"e" for name, piece in pieces.items())
        return op.call("collections", "OrderedDict", b"](" + pairs + b"e")

    return Files().checkpoint(tensors, build, kind)


def torchscript() -> bytes:
    """A program in a PyTorch file, which is never run."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("IN/data.pkl", b"\x80\x02}.")
        archive.writestr("IN/constants.pkl", b"\x80\x02).")
    return stream.getvalue()


def all_forms() -> dict[str, bytes]:
    """Files of the record by name."""
    return {
        "IN_script.pt": torchscript(),
        "IN.pth": with_pairs(weights(), "legacy"),
        "IN_new.pth": with_pairs(weights(), "zipped"),
        "IN.onnx": onnx_bytes(weights()),
        "IN_noSVs.pth": with_pairs(weights(WITH_UNUSED), "legacy"),
        "IN_tracks.onnx": onnx_bytes(weights(TRACKS_ONLY)),
    }


def serve(httpserver, files: dict[str, bytes]) -> None:
    """Zenodo, DataCite and doi.org for this record, under /zenodo, /datacite and /doi."""
    document = _record(files)
    path = f"/zenodo/api/records/{NUMBER}"
    httpserver.expect_request(path).respond_with_json(document)
    for name, content in files.items():
        served = httpserver.expect_request(f"{path}/files/{name}/content")
        served.respond_with_data(content, content_type="application/octet-stream")
    found = {"hits": {"hits": [document], "total": 1}}
    httpserver.expect_request("/zenodo/api/records").respond_with_json(found)
    registered = hbb.registration(DOI, relations=[])
    registered["data"]["attributes"] |= {"titles": [{"title": document["title"]}], "relatedIdentifiers": []}
    httpserver.expect_request(f"/datacite/dois/{DOI}").respond_with_json(registered)
    httpserver.expect_request("/doi/ra/10.5281").respond_with_json([{"DOI": "10.5281", "RA": "DataCite"}])
    httpserver.expect_request(f"/doi/{DOI}").respond_with_response(
        Response(status=302, headers={"Location": f"https://zenodo.org/records/{NUMBER}"})
    )


def _record(files: dict[str, bytes]) -> dict:
    document = hbb.another(NUMBER)
    title = "eric-moreno/IN: Interaction Network for boosted H->bb"
    document |= {"conceptrecid": str(CONCEPT), "conceptdoi": f"10.5281/zenodo.{CONCEPT}", "title": title}
    metadata = document["metadata"]
    metadata |= {"title": title, "publication_date": "2020-06-12", "related_identifiers": []}
    metadata["relations"]["version"][0]["parent"]["pid_value"] = str(CONCEPT)
    base = f"https://zenodo.org/api/records/{NUMBER}/files"
    document["files"] = [
        {
            "id": f"7f2c0a6e-0000-4000-8000-{place:012}",
            "key": name,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
            "links": {"self": f"{base}/{name}/content"},
        }
        for place, (name, content) in enumerate(files.items())
    ]
    return document
