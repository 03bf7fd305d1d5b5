# SPDX-License-Identifier: MIT
"""A recipe for running a model with its authors' own code, in a container of the user's.

fairreg never runs that code: `facts` says what it would take, `containerfile` writes it down.
"""

from dataclasses import replace
from pathlib import Path

from fairreg.errors import UsageError
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.run.recipe.containerfile import containerfile
from fairreg.services.run.recipe.facts import RecipeFacts, recipe_facts
from fairreg.storage.files import disk_faults, replacing

__all__ = ["RecipeFacts", "check_target", "recipe_facts", "write_recipe"]


def check_target(target: Path) -> None:
    """Raise UsageError for a file that is there: a recipe may have been completed by hand."""
    if target.exists():
        raise UsageError(f"{target} exists.", hint="Choose another name for --recipe, or remove it.")


def write_recipe(fetched: FetchedFiles, target: Path) -> RecipeFacts:
    """Write the recipe for the fetched record to `target` and return its facts; nothing is executed."""
    check_target(target)
    from fairreg.services.fetch.placement import layout  # only a recipe needs it, not its facts

    copies = {item: str(path) for item, path in layout(fetched.files).items()}
    facts = replace(recipe_facts(fetched), copies=copies)
    with disk_faults(str(target)), replacing(target) as draft:
        draft.write_text(containerfile(facts, fetched.requested), encoding="utf-8")
    return facts
