# SPDX-License-Identifier: MIT
"""Faults of documents by the validators of others, and by the rules that no validator of others checks."""

import json
import os
import re
import subprocess
from datetime import date
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

from support import validating

__all__ = ["VALIDATORS", "croissant_faults", "deposit_faults", "faults_by_others", "schema_faults"]

# The interpreter of an environment with mlcroissant, roc-validator, cffconvert and PyLD.
VALIDATORS = os.environ.get("FAIRREG_TEST_VALIDATORS")
_SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
_DIGESTS = {"sha256": 64, "md5": 32}


def faults_by_others(documents):
    """The faults of documents by the name of their validator, each list in the order of its documents.

    One process validates all of them, as its imports take longer than many documents.
    """
    done = subprocess.run(
        [VALIDATORS, validating.__file__],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def _schema(name):
    schema = json.loads((_SCHEMAS / f"{name}.json").read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


def schema_faults(name, document):
    """Faults of a document by a schema of tests/data/schemas."""
    return [f"{error.json_path}: {error.message}" for error in _schema(name).iter_errors(document)]


def croissant_faults(document):
    """Required properties of Croissant 1.1 that a document lacks: mlcroissant accepts it, or only warns.

    After the specification's "Dataset-level information" and "FileObject".
    """
    found = [name for name in ("name", "description", "url") if not _text(document.get(name))]
    found += [name for name in ("license", "creator", "distribution") if not document.get(name)]
    if not re.match(r"https?://", document.get("url", "")):
        found.append("url is no address")
    if document.get("@type") != "sc:Dataset" or "croissant/1.1" not in document.get("conformsTo", ""):
        found.append("type or conformsTo")
    try:
        date.fromisoformat((document.get("datePublished", "") + "-01-01")[:10])
    except ValueError:
        found.append("datePublished")
    found += [f"creator {item}" for item in document.get("creator", ()) if not _text(item.get("name"))]
    names = [item["@id"] for item in document.get("distribution", ())]
    found += ["@id twice"] if len(set(names)) < len(names) else []
    return found + [fault for item in document.get("distribution", ()) for fault in _file_faults(item, names)]


def _file_faults(item, names):
    for name in ("@id", "name", "contentUrl", "encodingFormat"):
        if not _text(item.get(name)):
            yield f"file without {name}: {item}"
    if item.get("@type") not in {"cr:FileObject", "cr:FileSet"}:
        yield f"type of {item}"
    if "containedIn" in item:
        if item["containedIn"]["@id"] not in names:
            yield f"archive of {item}"
    elif [name for name, length in _DIGESTS.items() if len(item.get(name, "")) == length] == []:
        yield f"digest of {item}"


def _text(value):
    return isinstance(value, str) and value.strip()


def deposit_faults(document):
    """What InvenioRDM's deposit refuses of a crate, after its documented mapping of an RO-Crate to metadata.

    Read are name, datePublished, author, license, keywords and description of the root ``./``, with the
    entities that they refer to in place.
    """
    entities = {item["@id"]: item for item in document["@graph"]}
    root = entities["./"]
    found = [name for name in ("name", "datePublished", "author", "license") if not root.get(name)]
    if not isinstance(root.get("author", []), list) or not isinstance(root.get("keywords", []), list):
        return [*found, "author or keywords is no list"]
    if isinstance(root.get("license"), list) or not _text(entities[root["license"]["@id"]].get("name")):
        found.append("license without a name")
    for reference in root.get("author", ()):
        found += _agent_faults(entities[reference["@id"]], entities)
    return found


def _agent_faults(entity, entities):
    if entity["@type"] == "Organization":
        needed = ("name",)
    elif entity["@type"] == "Person":
        needed = ("familyName", "givenName")
        places = entity.get("affiliation", [])
        if not isinstance(places, list) or not all(
            _text(entities[item["@id"]].get("name")) for item in places
        ):
            yield "affiliation"
    else:
        yield f"type of {entity['@id']}"
        return
    yield from (name for name in needed if not _text(entity.get(name)))
