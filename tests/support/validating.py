# SPDX-License-Identifier: MIT
"""Validators of other projects, run on many documents at once by the interpreter of their own environment.

    python validating.py < {"croissant": [...], "ro-crate-1.1": [...], "cff": [...]}

prints the faults of each document in the same order, as mlcroissant, roc-validator, cffconvert and PyLD find
them. It imports nothing of fairreg and needs no network: the context of crates is the one that rocrate ships.
"""

import contextlib
import io
import json
import logging
import sys
import tempfile
from functools import cache
from pathlib import Path

CROISSANT, CFF, LINKED = "croissant", "cff", "json-ld"
# Profile of roc-validator by the name under which its documents come, and the checks that need a network:
# whether the context can be had from its address.
PROFILES = {
    "ro-crate-1.1": ("ro-crate-1.1", ["ro-crate-1.1_3.1", "ro-crate-1.1_3.2"]),
    "ro-crate-1.2": ("ro-crate-1.2", ["ro-crate-1.2_4.1", "ro-crate-1.2_4.2"]),
    # It is a profile of 1.1: the descriptor of a crate of 1.2 conforms to another version.
    "process-run-crate": ("process-run-crate", ["ro-crate-1.1_3.1", "ro-crate-1.1_3.2", "ro-crate-1.1_5.3"]),
}


def croissant_faults(document):
    """Faults that mlcroissant finds; it warns only of what the specification recommends."""
    import mlcroissant

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "croissant.json")
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            read = mlcroissant.Dataset(path)
        except mlcroissant.ValidationError as error:
            return [str(error)]
    return sorted(map(str, read.metadata.ctx.issues.errors))


@cache
def _crate_context():
    import rocrate

    return json.loads(Path(rocrate.__file__).with_name("data").joinpath("ro-crate.jsonld").read_text("utf-8"))


def _parse_queries_once():
    """Let rdflib parse each query of the shapes once: this is nine tenths of the time of a document."""
    from rdflib.plugins.sparql import processor

    parse, evaluate, known = processor.parseQuery, processor.evalQuery, {}

    def query(self, asked, bindings=None, namespaces=None, base=None, debug=None):
        if isinstance(asked, str):
            key = (asked, base, tuple(sorted((namespaces or {}).items())))
            if key not in known:
                known[key] = processor.translateQuery(parse(asked), base, namespaces or {})
            asked = known[key]
        return evaluate(self.graph, asked, bindings or {}, base)

    processor.SPARQLProcessor.query = query


def crate_faults(name, documents):
    """Faults that roc-validator finds of required properties, by document."""
    from rocrate_validator import models, services
    from rocrate_validator.utils import document_loader

    document_loader._fetch_json_ld = lambda url: _crate_context()
    _parse_queries_once()
    profile, skipped = PROFILES[name]
    settings = services.ValidationSettings(
        rocrate_uri=".",
        profile_identifier=profile,
        requirement_severity=models.Severity.REQUIRED,
        skip_checks=skipped,
        metadata_only=True,
    )
    validator = services._build_validator(settings, None)  # the shapes are parsed once
    results = (validator.validate(metadata_dict=document) for document in documents)
    return [[f"{item.check.identifier}: {item.message}" for item in found.get_issues()] for found in results]


def linked_faults(document):
    """Properties that a JSON-LD processor drops, as no context defines them, and its errors."""
    from pyld import jsonld

    def load(url, options):
        return {"contextUrl": None, "documentUrl": url, "document": _crate_context(), "contentType": None}

    dropped = []
    try:
        jsonld.expand(
            document,
            {"documentLoader": load, "base": "https://example.org/"},
            on_property_dropped=dropped.append,
        )
    except jsonld.JsonLdError as error:
        return [str(error)]
    return dropped


def cff_faults(text):
    """Faults that cffconvert finds."""
    from cffconvert import Citation

    try:
        Citation(text).validate()
    except Exception as error:  # noqa: BLE001 - its faults are of many types
        return [f"{type(error).__name__}: {str(error)[:500]}"]
    return []


def main():
    logging.disable(logging.CRITICAL)
    asked = json.load(sys.stdin)
    with contextlib.redirect_stdout(io.StringIO()):
        found = {}
        for name, documents in asked.items():
            alone = {CROISSANT: croissant_faults, CFF: cff_faults, LINKED: linked_faults}.get(name)
            found[name] = list(map(alone, documents)) if alone else crate_faults(name, documents)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
