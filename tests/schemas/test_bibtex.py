# SPDX-License-Identifier: MIT
import re

from hypothesis import HealthCheck, given, settings

from fairreg.formats import bibtex
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance
from support.records import records


def test_an_entry_cites_authors_title_year_and_doi():
    record = ModelRecord(
        identifier="doi:10.5281/zenodo.7305227",
        kind="model",
        name="Jets & 100% of H_bb",
        provenance=Provenance(source="test", source_id="1"),
        identifiers=(Identifier("doi", "10.5281/zenodo.7305227"),),
        creators=(Creator(name="Duarte, Javier"), Creator(name="CMS Collaboration", kind="organization")),
        date_published="2022-11-09",
    )
    assert bibtex.write(record) == (
        "@software{duarte2022jets0e731e,\n"
        "  author     = {Duarte, Javier and {CMS Collaboration}},\n"
        "  title      = {{Jets \\& 100\\% of H\\_bb}},\n"
        "  year       = {2022},\n"
        "  doi        = {10.5281/zenodo.7305227},\n"
        "  url        = {https://doi.org/10.5281/zenodo.7305227},\n"
        "}\n"
    )


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records)
def test_any_record_gives_a_title_with_balanced_braces(record):
    title = next(line for line in bibtex.write(record).splitlines() if line.startswith("  title"))
    bare = re.sub(r"\\[{}]", "", title)
    assert bare.count("{") == bare.count("}")
