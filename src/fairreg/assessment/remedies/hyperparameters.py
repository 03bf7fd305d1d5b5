# SPDX-License-Identifier: MIT
"""hyperparameters.json: settings and circumstances of the training as data, null until they are filled in."""

import json
from pathlib import PurePosixPath

from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts

__all__ = ["NAME", "SERVES", "draft"]

NAME = "hyperparameters.json"
SERVES = ("R1.2-1", "R1.2-3")
_SETTINGS = ("optimizer", "learning_rate", "batch_size", "epochs", "split", "seed")
_CIRCUMSTANCES = ("software", "hardware", "commit")


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None where one was published, which only its author can complete.

    It serves R1.2-3 where the record tells people or dates, which are no settings.
    """
    if any(PurePosixPath(item.path).name == NAME for item in facts.evidence.documents):
        return None
    text = json.dumps(dict.fromkeys((*_SETTINGS, *_CIRCUMSTANCES)), indent=2) + "\n"
    record = facts.record
    told = record.date_published or record.date_created or any(item.orcid for item in record.creators)
    asked = (
        f"Give {', '.join(_SETTINGS)} of the training in place of null; add any other setting.",
        "Give software with exact versions (torch 2.1.0), hardware (NVIDIA A100) and the commit of the code.",
    )
    return Draft(NAME, text, SERVES if told else SERVES[:1], asked)
