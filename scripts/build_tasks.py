# SPDX-License-Identifier: MIT
"""Write docs/tasks.md, the vocabulary of tasks, from src/fairreg/schemas/tasks/tasks.json.

    python scripts/build_tasks.py [--check]

With ``--check`` nothing is written; the exit code is 1 where the page is not that of the table.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from fairreg.registry import catalogue
from fairreg.schemas.tasks import Task, term_of, vocabulary

PAGE = Path(__file__).parents[1] / "docs" / "tasks.md"
INTRODUCTION = """\
# Tasks

<!-- Written by scripts/build_tasks.py from src/fairreg/schemas/tasks/tasks.json. -->

Sources name tasks in free words, which a record keeps unchanged. Words that are spelled as a term of this
vocabulary map to it; `fairreg search --task`, the facets and the pages of records use the terms:

```console
$ fairreg search "" --task higgs-tagging
```

- A statement of a task maps to a term where it is the term's key or one of its spellings. Case, hyphens,
  underscores and a plural make no difference. Nothing else maps: no word is looked for inside a statement,
  and descriptions are not read. What maps to no term stays free text, found by its words.
- `--task TERM` finds what maps to the term or to a narrower one, and free text that contains its words.
- Terms are derived from the words whenever they are asked for, so that a new spelling holds for old records.
- [terms.ttl](terms.ttl) has the terms as a concept scheme of SKOS; the address of one is
  `https://w3id.org/fairreg/terms#task-` and its key. Pipeline tags of
  [Hugging Face](https://github.com/huggingface/huggingface.js/blob/main/packages/tasks/src/pipelines.ts) and
  operations of [EDAM](https://edamontology.org) that mean the same are linked."""
_SHOWN = {"https://huggingface.co/models?pipeline_tag=": "Hugging Face", "http://edamontology.org/": "EDAM"}


def page() -> str:
    """The text of docs/tasks.md."""
    rows = [line for task in vocabulary().values() if task.broader is None for line in _rows(task, 0)]
    heading = ["| term | definition | spellings | published as |", "|---|---|---|---|"]
    return "\n\n".join((INTRODUCTION, "## Terms", "\n".join([*heading, *rows]), *_of_catalogue())) + "\n"


def _rows(task: Task, depth: int) -> Iterator[str]:
    """Yield the row of a term, then those of its narrower terms, which stand further right."""
    name = f"{'– ' * depth}`{task.key}`"
    cells = (name, task.definition, "; ".join(task.spellings), ", ".join(map(_link, task.matches)))
    yield f"| {' | '.join(cells)} |"
    for child in vocabulary().values():
        if child.broader == task.key:
            yield from _rows(child, depth + 1)


def _link(address: str) -> str:
    start = next(start for start in _SHOWN if address.startswith(start))
    return f"[{_SHOWN[start]} {address.removeprefix(start)}]({address})"


def _of_catalogue() -> Iterator[str]:
    """Yield how much of the packaged catalogue maps, and what does not."""
    stated = [text for record in catalogue.records() for text in record.ml_task]
    free = sorted({text for text in stated if term_of(text) is None}, key=str.casefold)
    mapped = sum(term_of(text) is not None for text in stated)
    yield "## The packaged catalogue"
    yield (
        f"Of {len(stated)} statements of tasks in the packaged catalogue {mapped} map to a term. "
        f"Free text are: {'; '.join(free)}."
    )


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
