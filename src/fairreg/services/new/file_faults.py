# SPDX-License-Identifier: MIT
"""Sentences on what a metadata file of a folder states and nobody can take over as an answer."""

import json
from collections.abc import Iterator
from typing import Any

from fairreg.errors import UsageError
from fairreg.formats.file_facts import FileFacts
from fairreg.formats.front_matter import lenient_mapping, split_front_matter
from fairreg.formats.plain_yaml import YamlFault, load_yaml
from fairreg.schemas.identifiers import normalise_doi, normalise_orcid
from fairreg.services.new.checks import checked
from fairreg.services.new.template import questions
from fairreg.sources import ORCID

__all__ = ["faults_of"]

_DOI = "doi"
_MOST = 20


def faults_of(facts: FileFacts, text: str) -> tuple[str, ...]:
    """Return a sentence on the file, or on each ORCID, DOI and licence in it that is none.

    The readers of metadata leave such values out, because a record has no place for them.
    """
    found = [_sentence(facts.file, facts.fault)] if facts.fault else []
    found += _licence(facts)
    for name, value in _identifiers(_document(facts.file, text)):
        known, is_one = _READ[name]
        if not is_one(value):
            found += _refused(known, value)
    return tuple(dict.fromkeys(found))[:_MOST]


def _sentence(file: str, fault: str) -> str:
    own = f"{file} "
    return f"it {fault.removeprefix(own)}" if fault.startswith(own) else fault


def _licence(facts: FileFacts) -> Iterator[str]:
    if facts.license:
        return
    stated = facts.license_stated or facts.as_written.license
    if stated:
        yield from _refused("license", stated)
    elif facts.role == "license":
        yield "license: its text is that of no licence that is known here."


def _refused(name: str, value: str) -> Iterator[str]:
    question = next(item for item in questions() if item.name == name)
    try:
        checked(question, value, {item.name: "" for item in questions()})
    except UsageError as error:
        yield error.message


def _document(file: str, text: str) -> Any:
    """Return the values in a file of JSON or YAML, or above the text of a Markdown file; None for others."""
    try:
        if file.endswith(".json"):
            return json.loads(text)
        if file.endswith(".md"):
            return lenient_mapping(split_front_matter(text.split("\n"))[0])[0]
        return load_yaml(text) if file.endswith(".cff") else None
    except (*YamlFault, ValueError, RecursionError):
        return None


def _identifiers(value: Any) -> Iterator[tuple[str, str]]:
    """Yield ("orcid" or "doi", text) for the texts in a document that are meant to be one."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += reversed(item)
        elif isinstance(item, dict):
            for key, content in item.items():
                if isinstance(content, dict | list):
                    waiting.append(content)
                elif isinstance(content, str) and content.strip():
                    if str(key).lower() in _READ:
                        yield str(key).lower(), content
                    elif f"{ORCID.resolver}" in content and key in {"@id", "id"}:
                        yield ORCID.name, content
                    elif key == "value" and item.get("type") == _DOI:
                        yield _DOI, content


# Question that tells what is wrong, and the reader, by the key in metadata files.
_READ = {ORCID.name: ("author_orcid", normalise_orcid), _DOI: (_DOI, normalise_doi)}
