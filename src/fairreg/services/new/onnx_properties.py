# SPDX-License-Identifier: MIT
"""Facts of a model in its ONNX file: `metadata_props`, under the names that a project's own export writes."""

from pathlib import Path

from fairreg.schemas.jsonld_terms import ORCID
from fairreg.services.new.facts import ProjectFacts
from fairreg.storage.files import disk_faults, replacing, unreadable

__all__ = ["properties", "stamp"]

_NAMES = ("name", "version", "license", "authors", "orcids", "doi", "repository")


def properties(facts: ProjectFacts) -> dict[str, str]:
    """Return the properties; what is not known is left out."""
    authors = (item.name or " ".join(filter(None, (item.given, item.family))) for item in facts.creators)
    known = {
        "name": facts.name,
        "version": facts.version,
        "license": facts.license,
        "authors": "; ".join(authors),
        "orcids": "; ".join(f"{ORCID}{item.orcid}" for item in facts.creators if item.orcid),
        "doi": facts.doi,
        "repository": facts.repository,
    }
    return {key: value for key, value in known.items() if value}


def stamp(path: Path, facts: ProjectFacts) -> bool:
    """Write the properties into an ONNX file where they differ, and tell whether they did; others stay.

    Weights in files beside it are not touched. Raises ModelError for a file that is none.
    """
    import onnx

    from fairreg.runners.weights.onnx import parse

    with unreadable(str(path)):
        content = path.read_bytes()
    model = parse(content, path.name)
    stated = {item.key: item.value for item in model.metadata_props}
    wanted = {key: value for key, value in stated.items() if key not in _NAMES} | properties(facts)
    if stated == wanted:
        return False
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, wanted)
    with disk_faults(str(path)), replacing(path) as draft:
        draft.write_bytes(model.SerializeToString(deterministic=True))
    return True
