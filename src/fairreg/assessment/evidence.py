# SPDX-License-Identifier: MIT
"""Evidence of an assessment: one frozen value, gathered by the service, read by the indicators.

Evidence separates found, absent and not looked for, so that an indicator can answer `unknown` where nothing
was read. It is plain data: stored as JSON and read again it compares equal, and gives the same report.
"""

import hashlib
import json
import re
from typing import Literal

import msgspec

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Tensor
from fairreg.sources import CURATED
from fairreg.storage.formats import MODEL_FORMATS, FileFormat

__all__ = [
    "NOT_DOWNLOADED",
    "DataCiteFacts",
    "DatasetScore",
    "Document",
    "Evidence",
    "FileFact",
    "FileFormat",
    "ModelFact",
    "Outcome",
    "Probe",
    "ProbeKind",
    "Role",
    "Unread",
    "Verified",
    "encoded",
]

ProbeKind = Literal[
    "datacite",  # the DOI's record at DataCite
    "registration_agency",  # doi.org/ra/<prefix>; found: ("DataCite",) or another agency
    "doi_resolves",  # GET of https://doi.org/<doi>, redirects followed
    "landing_page",  # found: of "schema.org", "signposting", "highwire", "dublin_core"
    "content_negotiation",  # metadata by Accept header at doi.org
    "source_api",  # the host's API; found: of "openapi", "oai-pmh", "signposting"
    "file_range",  # first bytes of a published file without a login; found: (its FileFormat,), see `withheld`
    "file_access",  # list of the files, or the page, of a restricted record without addresses of files
    "registry_listing",  # entry in a model registry; found: of "reciprocal", "one_way", "stub", "dormant"
    "self_retrieval",  # the host's search for the title; rank: place of the record
    "software_heritage",  # a snapshot at Software Heritage
]
Outcome = Literal["ok", "absent", "denied", "failed", "not_probed"]
Verified = Literal["sha512", "sha256", "sha1", "git-blob-sha1", "md5", "adler32", "crc32", "mismatch"]
Role = Literal[
    "readme",
    "license",
    "citation",
    "codemeta",
    "zenodo_json",
    "requirements",
    "dockerfile",
    "model_card",
    "makefile",
    "ci",
    "docs",
    "definitions",
    "hyperparameters",
    "notebook",
    "code",
    "provenance",
    "standard",
]

NOT_DOWNLOADED = "The published files were not downloaded, so what they hold is not known."
_NAMED_MODEL = re.compile(r"model|weights?|checkpoint|\.keras$", re.IGNORECASE)


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Frozen, compared by value; defaults are left out of the JSON."""


def encoded(value: msgspec.Struct) -> bytes:
    """Return the JSON document of evidence or of a report, identical for equal values."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # Lone surrogates, from bytes that are not UTF-8, can only be written escaped.
        return json.dumps(msgspec.to_builtins(value)).encode()


class Probe(_Struct, frozen=True):
    """One network request and its outcome.

    `outcome`: ok (2xx), absent (404 or 410), denied (401, 403), failed (the network or the service gave
    no answer), not_probed. `digest` is ``sha256:hex`` of what was read, `when` an ISO 8601 time, `detail` a
    sentence for people, `rank` counts from 1, `file` is the published name of the file that was requested.
    """

    kind: ProbeKind
    outcome: Outcome
    status: int | None = None
    url: str | None = None
    found: tuple[str, ...] = ()
    rank: int | None = None
    detail: str | None = None
    when: str | None = None
    digest: str | None = None
    file: str | None = None

    @property
    def withheld(self) -> bool:
        """True where the host refuses a file, or has none; `found` is then what it gives for a token."""
        return self.outcome in {"denied", "absent"} and not self.found


class DataCiteFacts(_Struct, frozen=True):
    """The DOI's record at DataCite: `record` as the harvester maps it, `state` findable, registered or draft.

    `types` are the values of ``attributes.types`` (resourceTypeGeneral, resourceType, schemaOrg), `url` is
    the landing page that the DOI leads to, `contributors` are the names of ``attributes.contributors``.
    """

    record: ModelRecord
    state: str
    types: tuple[str, ...] = ()
    url: str | None = None
    contributors: tuple[str, ...] = ()


class FileFact(_Struct, frozen=True):
    """A file that was found: `format` by its magic bytes, `archive` the archive that contains it.

    `verified` names the published digest that matches the downloaded bytes, or is ``mismatch``.
    """

    path: str
    size: int
    sha256: str | None = None
    format: FileFormat = "unknown"
    archive: str | None = None
    verified: Verified | None = None


class Document(_Struct, frozen=True):
    """A small text file by its role; `text` may be cut, `sha256` digests the whole file."""

    role: Role
    path: str
    text: str
    sha256: str | None = None


class Unread(_Struct, frozen=True):
    """A published file that was not read, or not to its end, and why, in words that follow "it is".

    An archive that was not opened may hold anything: its `role` is None. `archive` contains it.
    """

    path: str
    reason: str
    role: Role | None = None
    archive: str | None = None


class ModelFact(_Struct, frozen=True):
    """Result of reading and running one model file.

    `ran` is None where no run was tried; `runtimes` are those that ran it and agreed within tolerance.
    `identifiers` are those that the file itself names (ONNX ``metadata_props``). `inputs` and `outputs` are
    those of the graph, empty for a file of bare weights.
    """

    file: str
    fingerprint: str | None = None
    parameter_count: int | None = None
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    ran: bool | None = None
    runtimes: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    detail: str | None = None


class DatasetScore(_Struct, frozen=True):
    """Score (0..1) of a training dataset under the rubric ``fair-datasets``.

    `score` is None where the dataset could not be reached or too little of it could be read; `detail` states
    the reason. `failed` are the essential checks that it fails. `evidence_digest` is that of the dataset's
    own evidence. Evidence that names no `rubric` was stored under the first one. `outcome` is that of reading
    the dataset where nothing of it was read, not_probed without the network.
    """

    identifier: Identifier
    score: float | None = None
    coverage: float | None = None
    rubric: str = "fair-datasets 1.0"
    when: str | None = None
    evidence_digest: str | None = None
    detail: str | None = None
    failed: tuple[str, ...] = ()
    outcome: Outcome | None = None

    @property
    def unread(self) -> bool:
        """True where nothing of the dataset was read: then no rubric was applied to it."""
        return self.score is None and self.coverage is None


class Evidence(_Struct, frozen=True):
    """All input of an assessment.

    `record` is as published at its source, without fairreg's additions; `added` is the record of fairreg's
    own catalogue, which the author's score leaves out. `requested` is the identifier that the user gave.
    `datasets` are the model's stated training data. `downloaded` means that all published files
    are in `files` (with those inside archives) and their small text files in `documents`, except for those
    in `unread`; a document may also be present without a download (a model card from an API).
    """

    record: ModelRecord
    requested: Identifier
    gathered_at: str
    datacite: DataCiteFacts | None = None
    probes: tuple[Probe, ...] = ()
    files: tuple[FileFact, ...] = ()
    documents: tuple[Document, ...] = ()
    models: tuple[ModelFact, ...] = ()
    datasets: tuple[DatasetScore, ...] = ()
    added: ModelRecord | None = None
    downloaded: bool = False
    offline: bool = False
    unread: tuple[Unread, ...] = ()

    @property
    def digest(self) -> str:
        """``sha256:hex`` of the evidence as JSON: equal digests are equal evidence."""
        return "sha256:" + hashlib.sha256(encoded(self)).hexdigest()

    @property
    def only_catalogue(self) -> bool:
        """True where only fairreg's own catalogue entry about the object was read, not its record.

        Of what fairreg itself publishes, with files and an identifier of the catalogue, it is the record.
        """
        record = self.record
        own = record.identifier.startswith(f"{CURATED.name}:")
        return record.provenance.source == CURATED.name and not (own and record.distributions)

    def probe(self, kind: ProbeKind) -> Probe:
        """Return the probe of this kind; one with the outcome not_probed where there is none."""
        found = next((probe for probe in self.probes if probe.kind == kind), None)
        return found or Probe(kind=kind, outcome="not_probed")

    def why_unknown(self, kind: ProbeKind) -> str:
        """Return the reason why a probe has no answer, as the sentence of an `unknown`."""
        probe = self.probe(kind)
        if probe.outcome == "failed":
            return f"The probe {kind} failed: {probe.detail or 'the network gave no answer'}."
        if probe.outcome == "not_probed":
            return f"The probe {kind} was not made{' (offline)' if self.offline else ''}."
        return f"The answer of the probe {kind} ({probe.outcome}) does not decide it."

    def why_unread(self, *roles: Role) -> str | None:
        """Return why files may hold more than was read, as a sentence; None where nothing was left out.

        Without `roles` it is about the names and formats of the files, else also about the texts of these.
        """
        left_out = [item for item in self.unread if item.role is None or item.role in roles]
        if left_out:
            more = f", and {len(left_out) - 1} more" if left_out[1:] else ""
            return f"Not all that is published was read: {left_out[0].path} is {left_out[0].reason}{more}."
        return None if self.downloaded else NOT_DOWNLOADED

    def of_role(self, *roles: Role) -> tuple[Document, ...]:
        """Return documents of the given roles, in the order of the roles."""
        return tuple(document for role in roles for document in self.documents if document.role == role)

    @property
    def model_files(self) -> tuple[FileFact, ...]:
        """Files with the magic bytes of a trained model; HDF5 files must also be named as one."""
        return tuple(
            file
            for file in self.files
            if file.format in MODEL_FORMATS or (file.format == "hdf5" and _NAMED_MODEL.search(file.path))
        )
