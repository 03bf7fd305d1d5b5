# SPDX-License-Identifier: MIT
"""A1 (Duarte et al. 2023, Table 1).

The AI model is retrievable by its identifier using a standardized communications protocol.
"""

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.content.packaged_metadata import shipped_records
from fairreg.assessment.evidence import Evidence, FileFact
from fairreg.assessment.findings import (
    NOT_DOWNLOADED,
    cite_datacite,
    cite_document,
    cite_file,
    cite_probe,
    cite_record,
    failed,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.probed_file import file_probe, why_no_bytes
from fairreg.schemas.record import ModelRecord
from fairreg.storage.formats import MODEL_FORMATS

_STRONG = frozenset({"sha256", "sha512"})
_ARCHIVES = frozenset({"zip", "tar"})


@indicator(
    "A1-1",
    weight=3,
    title="Identifier leads to model bytes",
    passes="to a model file directly",
    partial="to a model file inside an archive",
    fails="to no bytes, or to a Git LFS pointer",
    corresponds_to=("FsF-A1-02MD-2", "ML-A1-03S"),
)
def leads_to_bytes(evidence: Evidence) -> Finding:
    """Magic bytes of the downloaded files, else of the first bytes from the host.

    What the host refuses now leads to no bytes, whatever an earlier fetch brought.
    """
    if file_probe(evidence).withheld:
        return _first_bytes(evidence)
    remedy = "Publish the model file itself beside the archive."
    plain = [file for file in evidence.model_files if file.archive is None]
    packed = [file for file in evidence.model_files if file.archive is not None]
    if plain:
        return passed(f"The identifier leads to {plain[0].path} ({plain[0].format}).", cite_file(plain[0]))
    if packed:
        reason = f"The identifier leads to {packed[0].archive}, and the model lies inside."
        return partial(reason, *map(cite_file, packed), remedy=remedy)
    if evidence.why_unread() is None:
        return failed("What the identifier leads to holds no file of a known model format.", remedy=remedy)
    return _first_bytes(evidence)


def _first_bytes(evidence: Evidence) -> Finding:
    probe, cited = file_probe(evidence), cite_probe(evidence, "file_range")
    asked = [cited] if probe.outcome == "denied" else []
    remedy = "Upload the model file itself, not a pointer to it, and check that its link works."
    if probe.outcome == "absent" and probe.withheld:
        return failed("The published link leads to nothing.", cited, remedy=remedy)
    if probe.outcome != "ok" and not probe.found:
        return unknown(f"{evidence.why_unread() or NOT_DOWNLOADED} {why_no_bytes(evidence)}", *asked)
    if MODEL_FORMATS & set(probe.found):
        return passed(f"The first bytes are those of a model file ({probe.found[0]}).", cited)
    if _ARCHIVES & set(probe.found):
        unread = evidence.why_unread() if evidence.unread else None
        return unknown(unread or "The first bytes are those of an archive, which was not downloaded.", cited)
    if "lfs_pointer" in probe.found or "text" in probe.found:
        return failed("The link gives text in place of a model.", cited, remedy=remedy)
    return unknown("The first bytes are of no format that fairreg knows.", cited)


@indicator(
    "A1-2",
    weight=3,
    title="Bytes verify",
    passes="the downloaded bytes have the published sha256 (or sha512)",
    partial="only a weaker digest, such as md5, is published, and it is equal",
    fails="a mismatch, or no digest is published",
    corresponds_to=("FsF-R1-01M-2",),
)
def verifies(evidence: Evidence) -> Finding:
    """Downloaded digest against the host's for each file, and against the sha256 of a FAIR4ML file."""
    checked = [file for file in evidence.files if file.archive is None and file.verified]
    if file_probe(evidence).withheld:
        checked = []
    stated = _stated_sha256(evidence)
    differing = [file for file in checked if stated.get(file.path, file.sha256) != file.sha256]
    wrong = [file for file in checked if file.verified == "mismatch"] + differing
    if wrong:
        again = "Download again; if the digest still differs, report it to the host."
        return failed(
            f"{wrong[0].path} does not have its published digest.", *map(cite_file, wrong), remedy=again
        )
    published = [item for item in evidence.record.distributions if item.checksums]
    if not checked:
        if evidence.record.distributions and not published:
            return failed("No digest is published for any file.", remedy=_STATE_IT)
        return unknown("The published files were not downloaded and verified.")
    weak = [file for file in checked if file.verified not in _STRONG]
    if weak:
        return _by_weak_digests(evidence, checked, weak)
    return passed(f"{len(checked)} file(s) have their published digest.", *map(cite_file, checked))


def _by_weak_digests(evidence: Evidence, checked: list[FileFact], weak: list[FileFact]) -> Finding:
    """Return the finding for files of which the host states no sha256; a FAIR4ML file beside them may."""
    models, stated = [file for file in weak if file in evidence.model_files], _stated_sha256(evidence)
    if unread := _unread_digests(evidence):
        return unknown(unread, *map(cite_file, checked))
    if models and all(file.path in stated for file in models):
        reason = f"{models[0].path} has the sha256 that the FAIR4ML file beside it states."
        return passed(reason, *map(cite_file, checked))
    reason = f"{weak[0].path} has its published {weak[0].verified}, which does not exclude a forgery."
    return partial(reason, *map(cite_file, checked), remedy=_STATE_IT)


_STATE_IT = "Publish a sha256 of the model file, at a host that states one or as distribution of FAIR4ML."


def _unread_digests(evidence: Evidence) -> str | None:
    """Return why a FAIR4ML file beside the model, whose sha256 may differ, was not read."""
    beside = any(item.role == "standard" for item in evidence.unread)
    return evidence.why_unread("standard") if beside else None


def _stated_sha256(evidence: Evidence) -> dict[str, str]:
    """Return the sha256 of each file that a FAIR4ML file beside the model states, in hexadecimal digits."""
    return {
        item.name: checksum.removeprefix("sha256:").lower()
        for _, record in shipped_records(evidence)
        for item in record.distributions
        for checksum in item.checksums
        if checksum.startswith("sha256:")
    }


@indicator(
    "A1-3",
    weight=2,
    title="Access level stated",
    passes="machine-readable",
    partial="in prose",
    fails="not stated",
    corresponds_to=("FsF-A1-01M", "FC A1.2", "ML-A1-01M"),
)
def access_stated(evidence: Evidence) -> Finding:
    """Access field of the record or of DataCite, else a sentence about access to the model."""
    return access(evidence)


def access(evidence: Evidence, *, of_data: bool = False) -> Finding:
    """Judge how access is stated; of a dataset, sentences about data count as well."""
    if evidence.record.access:
        level = evidence.record.access.level
        return passed(f"The record states the access level {level}.", cite_record(evidence, "access", level))
    registered = evidence.datacite.record if evidence.datacite else None
    if isinstance(registered, ModelRecord) and registered.access:
        level = registered.access.level
        return passed(f"DataCite states the access level {level}.", *cite_datacite(evidence, "access", level))
    remedy = "State the access level (open, restricted, embargoed) in the record's own field."
    # Patterns of English are compiled only where there is a text to read, here and in the other indicators.
    from fairreg.assessment.content.conditions import access_told
    from fairreg.assessment.content.grammar import sentences, statements

    if said := access_told(sentences(evidence.record.description), of_data=of_data):
        cited = cite_record(evidence, "description", said)
        return partial("Access is stated in prose only, in the description.", cited, remedy=remedy)
    for document in evidence.of_role("readme", "model_card", "docs"):
        if said := access_told((item.text for item in statements(document)), of_data=of_data):
            reason = f"Access is stated in prose only, in {document.path}."
            return partial(reason, cite_document(document, said), remedy=remedy)
    unread = evidence.why_unread("readme", "model_card", "docs") or why_unregistered(evidence)
    if unread:
        return unknown(f"The record states no access level. {unread}")
    return failed("Nothing states who may have the files.", remedy=remedy)
