# SPDX-License-Identifier: MIT
"""F3 (Duarte et al. 2023, Table 1).

Metadata clearly and explicitly include the identifier of the AI model they describe.
"""

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.documents import stated_in
from fairreg.assessment.evidence import Evidence, Role
from fairreg.assessment.findings import (
    cite_datacite,
    cite_document,
    cite_model,
    cite_record,
    failed,
    partial,
    passed,
    unknown,
    unread_files,
)
from fairreg.assessment.lineage import (
    archives,
    is_persistent,
    lineage_dois,
    own_pids,
    weight_files,
    why_no_list,
)
from fairreg.schemas.identifiers import normalise_doi
from fairreg.schemas.record import Distribution
from fairreg.sources import DOI


@indicator(
    "F3-1",
    weight=3,
    title="Record contains the identifier asked for",
    passes="exactly the persistent identifier",
    partial="an identifier that is not persistent",
    fails="absent or another one",
    corresponds_to=("FsF-F3-01M", "Chen F3", "ML-F3-01M"),
)
def in_record(evidence: Evidence) -> Finding:
    """The requested identifier, or the model's own where a name was requested, in the metadata."""
    record, asked = evidence.record, evidence.requested
    held = {item.key for item in record.identifiers}
    pids = own_pids(record)
    remedy = "Write the model's DOI into the identifier field of its record."
    if is_persistent(asked) and asked.key not in held:
        cited = [cite_record(evidence, "identifiers", item.compact) for item in record.identifiers[:1]]
        return failed(f"The record does not contain {asked.compact}.", *cited, remedy=remedy)
    if pids:
        shown = next((item for item in record.identifiers if item.key == asked.key), pids[0])
        if not is_persistent(shown):
            shown = pids[0]
        also = evidence.datacite.record.identifiers if evidence.datacite else ()
        same = shown.scheme == DOI.name and shown.key in {item.key for item in also}
        registered = cite_datacite(evidence, "identifiers", shown.compact) if same else ()
        cited = [cite_record(evidence, "identifiers", shown.compact), *registered]
        return passed(f"The record contains {shown.compact}.", *cited)
    if asked.key in held:
        cited = [cite_record(evidence, "identifiers", asked.compact)]
        return partial(
            f"The record contains {asked.compact}, which is not persistent.", *cited, remedy=remedy
        )
    return failed(f"The record does not contain {asked.compact}.", remedy=remedy)


@indicator(
    "F3-2",
    weight=2,
    title="Files shipped with the model carry it too",
    passes="the persistent identifier of this version",
    partial="that of the concept or of another version",
    fails="none",
    corresponds_to=("FRSM-07-F3-1", "FRSM-07-F3-2", "howfairis citation"),
)
def in_files(evidence: Evidence) -> Finding:
    """DOIs in CITATION.cff, codemeta.json, .zenodo.json, the card and the README.

    Those inside a model file count where the evidence has them; this release does not gather them.
    """
    found = _identifiers_in_files(evidence)
    exact = [cited for doi, cited in found if doi == evidence.record.doi]
    remedy = (
        "Put this version's DOI into CITATION.cff, codemeta.json or the README badge (Zenodo can reserve it)."
    )
    if exact:
        return passed(f"{exact[0].where} carries the identifier of this version.", *exact)
    if found:
        reason = f"{found[0][1].where} carries {found[0][0]}, which is not this version's."
        return partial(reason, *(cited for _, cited in found), remedy=remedy)
    return unread_files(
        evidence,
        "a persistent identifier of the model in a file",
        remedy=remedy,
        roles=_CARRIERS,
        registered=True,
    )


_CARRIERS: tuple[Role, ...] = ("citation", "codemeta", "zenodo_json", "readme", "model_card")


def _identifiers_in_files(evidence: Evidence) -> list[tuple[str, Citation]]:
    lineage = lineage_dois(evidence)
    found = [
        (doi, cite_document(item.document, doi)) for item in stated_in(evidence) for doi in item.facts.dois
    ]
    for document in evidence.of_role("readme", "model_card"):
        from fairreg.assessment.content.objects.mentions import (
            mentions,  # patterns of English, for models with a text
        )

        found += [
            (seen.value, cite_document(document, seen.line))
            for seen in mentions(document)
            if seen.scheme == DOI.name and (seen.value in lineage or seen.badge)
        ]
    for model in evidence.models:
        dois = [doi for text in model.identifiers if (doi := normalise_doi(text))]
        found += [(doi, cite_model(model, doi)) for doi in dois]
    return found


@indicator(
    "F3-3",
    weight=2,
    title="Metadata gives the content location",
    passes="address, size and checksum of the model file",
    partial="those of an archive",
    fails="the landing page only",
    corresponds_to=("FsF-F3-01M-2", "FsF-R1-01M-2"),
)
def location(evidence: Evidence) -> Finding:
    """Address, size and checksum of the record's distributions."""
    record = evidence.record
    remedy = "List the model files one by one in the record, each with address, size and checksum."
    for files, verdict_of in ((weight_files(record), "file"), (archives(record), "archive")):
        located = [item for item in files if _is_located(item)]
        if not located:
            continue
        cited = cite_record(evidence, "distributions", f"{located[0].url} ({located[0].size} bytes)")
        reason = f"The metadata gives address, size and checksum of the model's {verdict_of}."
        return passed(reason, cited) if verdict_of == "file" else partial(reason, cited, remedy=remedy)
    if why := why_no_list(record):
        return unknown(why)
    return failed("The metadata leads to a landing page only.", remedy=remedy)


def _is_located(item: Distribution) -> bool:
    return bool(item.url and item.size is not None and item.checksums)
