# SPDX-License-Identifier: MIT
"""signature.json: names, types and axes of inputs and outputs, as the published graph has them."""

import msgspec

from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats.base import filled_members, json_text

__all__ = ["NAME", "SERVES", "draft"]

NAME = "signature.json"
SERVES = ("I1-2",)


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None without a graph to read. Features and units are left to the author."""
    graph = facts.graph
    if graph is None:
        return None
    document = {
        "model": facts.inside(graph.file),
        "inputs": msgspec.to_builtins(graph.inputs),
        "outputs": msgspec.to_builtins(graph.outputs),
    }
    bare = [item.name for item in graph.inputs if not item.features]
    asked = f"Add features (name, unit and description of each, in order) to {', '.join(bare)}."
    meaning = (
        f"Add a description to {', '.join(item.name for item in graph.outputs)}: what each number means."
    )
    return Draft(NAME, json_text(filled_members(document)), SERVES, ((asked,) if bare else ()) + (meaning,))
