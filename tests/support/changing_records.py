# SPDX-License-Identifier: MIT
"""A local Zenodo whose records change, as published ones may: files are replaced, metadata edited.

Everything served is hand-written after the documented shapes.
"""

import hashlib
import json
import re
from urllib.parse import unquote

from werkzeug import Request, Response

from support import hbb

__all__ = ["ChangingRecord", "ChangingZenodo"]

_RECORD = re.compile(r"/zenodo/api/records/(\d+)(?:/files/(.*)/content)?")
_DATACITE = re.compile(r"/datacite/dois/10\.5281/zenodo\.(\d+)")


class ChangingRecord:
    """A record; whoever asks next gets the present `files` and `metadata`.

    With `states_digests` false the record states sizes only. A `forged` name is served with other bytes than
    those that the record states. A record that is `withdrawn` answers as a tombstone.
    """

    def __init__(self, number: int, files: dict[str, bytes], **metadata: object) -> None:
        self.number = number
        self.files = dict(files)
        self.forged: dict[str, bytes] = {}
        self.withdrawn = False
        self.states_digests = True
        self.document = hbb.another(number)
        self.metadata = self.document["metadata"]
        self.metadata.update(metadata)

    @property
    def doi(self) -> str:
        return f"10.5281/zenodo.{self.number}"

    @property
    def concept(self) -> str:
        return self.document["conceptdoi"]

    def answer(self) -> Response:
        """The record as the API states it now."""
        if self.withdrawn:
            stone = {
                "status": 410,
                "message": "The record has been deleted.",
                "tombstone": {"note": "Wrong."},
            }
            return Response(json.dumps(stone), status=410, mimetype="application/json")
        listed = [
            {
                "key": name,
                "size": len(content),
                "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
                "links": {"self": f"https://zenodo.org/api/records/{self.number}/files/{name}/content"},
            }
            for name, content in self.files.items()
        ]
        for item in () if self.states_digests else listed:
            del item["checksum"]
        return Response(json.dumps({**self.document, "files": listed}), mimetype="application/json")

    def file(self, name: str) -> Response:
        """A file, or the bytes in its place."""
        content = self.forged.get(name, self.files.get(name))
        return Response(status=404) if content is None else Response(content)


class ChangingZenodo:
    """The services with these records, which one catch-all handler of `httpserver` answers for.

    `requested` are the paths of all requests for more than some bytes; `down` are the services that refuse to
    answer.
    """

    def __init__(self, httpserver, *records: ChangingRecord) -> None:
        self.records = {item.number: item for item in records}
        self.requested: list[str] = []
        self.down: set[str] = set()
        httpserver.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        """Answer for Zenodo and DataCite; any other service knows nothing."""
        if "Range" not in request.headers:
            self.requested.append(request.path)
        if request.path.split("/")[1] in self.down:
            return Response(status=503)
        record, name = self._asked(_RECORD, request.path)
        if record is not None:
            return record.file(unquote(name)) if name else record.answer()
        registered, _ = self._asked(_DATACITE, request.path)
        if registered is not None:
            return Response(json.dumps(hbb.registration(registered.doi)), mimetype="application/json")
        return Response("{}", status=404, mimetype="application/json")

    def _asked(self, pattern: re.Pattern[str], path: str) -> tuple[ChangingRecord | None, str | None]:
        found = pattern.fullmatch(path)
        if found is None:
            return None, None
        number = int(found[1])
        concepts = {item.number + 500_000: item for item in self.records.values()}
        record = self.records.get(number) or concepts.get(number)
        return record, found[2] if pattern is _RECORD else None
