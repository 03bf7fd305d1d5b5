# SPDX-License-Identifier: MIT
"""A registry for tests of pages: the catalogue, a model of two sources and versions, and hostile text."""

from msgspec.structs import replace

from assessment.samples import HBB, advised
from fairreg.registry import Submission
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Distribution, ModelRecord, Provenance, Relation
from fairreg.services.assess.store import AssessmentResult, save
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings

__all__ = [
    "BARE_MODEL",
    "HOSTILE",
    "HOSTILE_TEXT",
    "MODEL",
    "OLDER",
    "REFERENCE",
    "SAMPLE",
    "WITHDRAWN",
    "filled",
]

MODEL = "doi:10.5281/zenodo.7305227"  # of two sources, which disagree, assessed
OLDER = "doi:10.5281/zenodo.7305174"  # another version of it
SAMPLE = "doi:10.7483/opendata.cms.jgjx.ms7q"  # its data
REFERENCE = "catalogue:fairreg-hbb-reference-1"  # runs from what fairreg contains
BARE_MODEL = "doi:10.5281/zenodo.3891869"  # not assessed
WITHDRAWN = "doi:10.5281/zenodo.99"
HOSTILE = "url:javascript:alert(1)"
HOSTILE_TEXT = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202eevil{{7*7}}'


def filled(settings: Settings) -> None:
    """Fill the registry of `settings`."""
    records = (HBB.record, _older(), _withdrawn(), _hostile())
    with shared_registry(settings) as registry:
        registry.put_many([Submission(item) for item in records])
        registry.statements.withdraw("zenodo", "99", "spam")
        save(registry, [AssessmentResult(HBB, advised(HBB), MODEL)])


def _older() -> ModelRecord:
    own = (Identifier("doi", OLDER.removeprefix("doi:")), Identifier("concept_doi", "10.5281/zenodo.7305173"))
    place = Provenance(source="zenodo", source_id="7305174", url="https://zenodo.org/records/7305174")
    return replace(
        HBB.record,
        identifier=OLDER,
        version="v0.1.0",
        date_published="2022-11-08",
        identifiers=own,
        provenance=place,
    )


def _withdrawn() -> ModelRecord:
    return ModelRecord(
        identifier=WITHDRAWN,
        kind="model",
        name="Withdrawn tagger",
        identifiers=(Identifier("doi", "10.5281/zenodo.99"),),
        provenance=Provenance(source="zenodo", source_id="99"),
    )


def _hostile() -> ModelRecord:
    text, script = HOSTILE_TEXT, "javascript:alert(1)"
    relations = (
        Relation(type="trained_on", target=Identifier("url", script)),
        Relation(type="related_to", target=Identifier("url", "https://a.example/<b>"), stated_type=text),
    )
    return ModelRecord(
        identifier=HOSTILE,
        kind="model",
        name=text,
        description=f"{text}\n\n" * 40,
        version=text,
        creators=(Creator(name=text),) * 20,
        license_stated=text,
        ml_task=(text,),
        usage=text,
        identifiers=(Identifier("url", script), Identifier("doi", '10.1234/x"onclick=1')),
        distributions=(Distribution(name=text, url=script, checksums=("md5:00",)),) * 70,
        relations=relations,
        provenance=Provenance(source="zenodo", source_id="evil", url=script),
        access=Access(level="open", conditions=text),
    )
