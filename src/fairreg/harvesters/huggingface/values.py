# SPDX-License-Identifier: MIT
"""Values of infos and cards in the shapes that occur, and the repositories that they name."""

import re

from fairreg.formats.model_index import stated_text
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode

__all__ = ["PAGES", "REPOSITORY", "dataset_named", "model_named", "stated_text", "texts"]

PAGES = "https://huggingface.co"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(?:/(?!\.{1,2}\Z)[A-Za-z0-9._][\w.-]*)?", re.ASCII)


def texts(node: JsonNode) -> list[str]:
    """Return the texts of a text, a list of texts or an object of texts, each once."""
    several = [item for _, item in node.members()] if node.is_object else list(node.items())
    found = [
        text
        for item in several
        if (text := stated_text(item) or stated_text(item["name"]) or stated_text(item["id"]))
    ]
    if any(item.value is False for item in several):
        found.append("no")
    return list(dict.fromkeys(found))


def dataset_named(name: str) -> Identifier:
    """Return the dataset that `name` or its address names."""
    plain = name.removeprefix(f"{PAGES}/").removeprefix("datasets/")
    if REPOSITORY.fullmatch(plain) and not normalise_doi(name):  # a DOI looks like owner/name
        return Identifier("huggingface", f"datasets/{plain}")
    return identifier_of(name) or Identifier("other", name)


def model_named(name: str) -> Identifier | None:
    """Return the model that `name` or its address names; None for a local folder."""
    plain = name.removeprefix(f"{PAGES}/").removesuffix("/")
    if REPOSITORY.fullmatch(plain):
        return Identifier("huggingface", plain)
    found = identifier_of(name) if "://" in name else None
    return found if found and found.scheme != "other" else None
