# SPDX-License-Identifier: MIT
"""Answers in a file, YAML or JSON, as `.copier-answers.yml` of another project has them."""

from pathlib import Path
from typing import Any

import yaml

from fairreg.errors import UsageError
from fairreg.formats.plain_yaml import YamlFault, load_yaml, typed_yaml
from fairreg.storage.files import unreadable

__all__ = ["parsed", "read_answers"]

_LONGEST = 2**18  # bytes


def read_answers(path: Path) -> dict[str, Any]:
    """Return the answers by question. UsageError for a file that is none."""
    if not path.exists() or path.is_dir():  # a pipe is read, too
        raise UsageError(f"There is no file {path}.", hint="--answers takes a YAML or JSON file.")
    with unreadable(str(path)), path.open("rb") as stream:
        content = stream.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise UsageError(
            f"{path} is longer than {_LONGEST // 1024} KiB.", hint="--answers takes answers alone."
        )
    found = parsed(content.decode("utf-8", "replace"), name=str(path))
    if not isinstance(found, dict):
        raise UsageError(
            f"{path} is not a mapping of questions to answers.", hint="Write lines such as license: MIT."
        )
    return {str(name): value for name, value in found.items() if not str(name).startswith("_")}


def parsed(text: str, *, name: str) -> Any:
    """Return the value of YAML, of which JSON is a part; dates are texts. UsageError for any other text."""
    try:
        load_yaml(text)  # bounds nesting and aliases
        return typed_yaml(text)
    except (*YamlFault, yaml.YAMLError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise UsageError(
            f"{name} is not valid YAML{line}.", hint="Quote texts with a colon or a #."
        ) from error
