# SPDX-License-Identifier: MIT
"""signature.json: names, types and axes of inputs and outputs, as the published graph has them.

Without a graph they are those that the record states, or fairreg's catalogue; these stand beside a to-do.
"""

from typing import Any

import msgspec

from fairreg.assessment.content.packaged_metadata import shipped_signatures
from fairreg.assessment.open_tasks import task
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats.base import filled_members, json_text
from fairreg.schemas.record import Tensor

__all__ = ["HELPS", "NAME", "SERVES", "draft"]

NAME = "signature.json"
SERVES = ("I1-2",)
# Half the points without a graph that confirms it, or without the code that prepares the inputs.
HELPS = ("I1-2", "R1.2-2")
_CONFIRM = "Confirm inputs and outputs, which fairreg took from its own catalogue. Then delete this line."


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None where nothing is known. Features and units are left to the author."""
    graph, published = facts.graph, bool(shipped_signatures(facts.evidence))
    if graph is not None:
        named = {"model": facts.inside(graph.file)}
        return _written(named, graph.inputs, graph.outputs, serves=SERVES, helps=() if published else HELPS)
    if published:  # which only its author can complete
        return None
    record, added = facts.record, facts.evidence.added
    if record.inputs and record.outputs:
        return _written({}, record.inputs, record.outputs, helps=HELPS[1:])  # they are declared already
    if added is not None and added.inputs and added.outputs:
        return _written({"comment": [task(_CONFIRM, *HELPS)]}, added.inputs, added.outputs)
    return None


def _written(
    head: dict[str, Any],
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    *,
    serves: tuple[str, ...] = (),
    helps: tuple[str, ...] = HELPS,
) -> Draft:
    document = {**head, "inputs": msgspec.to_builtins(inputs), "outputs": msgspec.to_builtins(outputs)}
    bare = [item.name for item in inputs if not item.features]
    asked = (
        [f"Add features (name, unit and description of each, in order) to {', '.join(bare)}."] if bare else []
    )
    told = [item.name for item in outputs if not item.description]
    asked += [f"Add a description to {', '.join(told)}: what each number means."] if told else []
    asked += (
        ["Confirm inputs and outputs, which fairreg took from its own catalogue."]
        if "comment" in head
        else []
    )
    return Draft(NAME, json_text(filled_members(document)), serves, tuple(asked), helps)
