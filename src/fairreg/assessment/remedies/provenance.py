# SPDX-License-Identifier: MIT
"""prov.jsonld: known provenance of the model in PROV-O, from its record and files."""

from fairreg.assessment.open_tasks import task
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import prov
from fairreg.sources import DOI

__all__ = ["NAME", "SERVES", "draft"]

NAME = prov.FILE_NAME
SERVES = ("R1.2-4",)


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None where no training data, code or person is known."""
    record = facts.described
    if not (prov.sources_of(record) or prov.people_of(record)):
        return None
    name = f"{DOI.resolver}{facts.doi}" if facts.doi else "urn:fairreg:model"
    asked = ["Add prov:startedAtTime and prov:endedAtTime of the training, and its settings."]
    if prov.sources_of(record):
        asked.append("Confirm that the training used what the file names under used.")
    else:
        asked.append("Add the training as a prov:Activity, and its name as wasGeneratedBy of the model.")
    if not facts.training_data:
        asked.append("Add the training data under used.")
    told = f"{task(' '.join(asked), *SERVES)} Then delete this comment."
    return Draft(NAME, prov.text_of(record, iri=name, comment=told), SERVES, (*asked, "Delete comment."))
