# SPDX-License-Identifier: MIT
"""requirements-inference.txt: pinned versions with which fairreg reads the published graph.

They do not describe the training, whose versions only the author knows.
"""

from functools import cache
from importlib.metadata import version

from fairreg.assessment.open_tasks import task
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts

__all__ = ["NAME", "SERVES", "draft", "engine_versions"]

NAME = "requirements-inference.txt"
SERVES = ("R2-1",)
_ENGINES = ("onnxruntime", "numpy")  # imported by the written instructions


@cache
def engine_versions() -> dict[str, str]:
    """Return the versions of the packages with which fairreg reads a graph."""
    return {name: version(name) for name in _ENGINES}


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None where no graph was read, no version is known, or a file has requirements already.

    Another file cannot pin those: their versions are known to the author alone.
    """
    graph = facts.graph
    if graph is None or not facts.versions or facts.evidence.of_role("requirements"):
        return None
    asked = (
        "Pin the requirements of the training, too, with the versions that it was made with.",
        "Add the packages that prepare the inputs.",
    )
    lines = [
        f"# For inference with {facts.inside(graph.file)}: the versions that fairreg reads it with.",
        *(f"# {task(sentence, *SERVES, 'R1.2-3')}" for sentence in asked),
        *(f"{name}=={number}" for name, number in sorted(facts.versions.items())),
    ]
    return Draft(NAME, "\n".join(lines) + "\n", SERVES, asked)
