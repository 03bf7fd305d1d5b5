# SPDX-License-Identifier: MIT
"""The record of a project's model: the facts of its people, completed by those of its files."""

from pathlib import Path

from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import Access, Evaluation, ModelRecord, Provenance, Relation
from fairreg.services.new import trained
from fairreg.services.new.facts import ProjectFacts

__all__ = ["AUTHORS", "project_record"]

# Source of the statements of a project's own people.
AUTHORS = "authors"


def project_record(folder: Path, facts: ProjectFacts) -> ModelRecord:
    """Return the record. Raises RecordError and IdentifierError for facts that are none."""
    run = trained.training_run(folder)
    inputs, outputs = trained.signature(folder)
    files = trained.model_files(folder, facts.model)
    identifiers = _identifiers(facts)
    main = _main(facts)
    return ModelRecord(
        identifier=main,
        kind="model",
        stated_type="Model",
        name=facts.name,
        provenance=Provenance(source=AUTHORS, source_id=main),
        description=_text(facts.description),
        identifiers=identifiers,
        version=facts.version,
        creators=tuple(dict.fromkeys(item.creator() for item in facts.creators)),
        publisher=facts.publisher,
        license=facts.spdx_license(),
        keywords=facts.keywords,
        ml_task=facts.task,
        model_category=facts.architecture,
        frameworks=facts.framework,
        formats=tuple(item.format for item in files[:1] if item.format),
        date_created=run.ended[:10] if run and run.ended else None,
        date_published=facts.date_published,
        distributions=files,
        relations=_relations(facts, facts.code_version or (run.commit if run else None)),
        evaluations=_evaluations(folder, facts),
        inputs=inputs,
        outputs=outputs,
        intended_use=_text(facts.intended_use),
        limitations=_text("\n\n".join(filter(None, (facts.out_of_scope, facts.limitations)))),
        access=Access(level="open"),
    )


def _text(stated: str | None) -> str | None:
    return (stated or "").strip() or None


def _main(facts: ProjectFacts) -> str:
    """Return the identifier of this version: no DOI of a publication, nor that of all versions."""
    doi = facts.version_doi()
    if doi:
        return Identifier("doi", doi).compact
    return _repository(facts.repository).compact if facts.repository else f"file:{facts.model}"


def _identifiers(facts: ProjectFacts) -> tuple[Identifier, ...]:
    """Return the DOIs, the repository and the publications, the DOI of this version first."""
    dois = (("doi", facts.version_doi()), ("concept_doi", facts.whole_doi()))
    found = [Identifier(scheme, value) for scheme, value in dois if value]
    found += [_repository(facts.repository)] if facts.repository else []
    return (*found, *facts.papers())


def _repository(address: str) -> Identifier:
    try:
        return parse(address).bare
    except IdentifierError:
        return Identifier("url", address)


def _relations(facts: ProjectFacts, version: str | None) -> tuple[Relation, ...]:
    found = [Relation(type="trained_on", target=item, target_kind="dataset") for item in facts.data()]
    for paper in facts.papers():
        target = Identifier("doi" if paper.scheme == "paper_doi" else paper.scheme, paper.value)
        found.append(Relation(type="is_described_by", target=target, target_kind="article"))
    if facts.repository and version:
        # The code that made the model, whatever the repository has become since.
        code = Identifier("url", f"{facts.repository}/tree/{version}")
        found.append(Relation(type="is_supplement_to", target=code, target_kind="software"))
    found += [
        Relation(type="fine_tuned_from", target=item, target_kind="model") for item in facts.base_models()
    ]
    return tuple(found)


def _evaluations(folder: Path, facts: ProjectFacts) -> tuple[Evaluation, ...]:
    dataset = facts.training_data_name or next(iter(facts.training_data), None)
    own = (
        Evaluation(item.metric, str(item.value), item.dataset or dataset, item.split)
        for item in facts.evaluations
    )
    return (*trained.evaluations(folder, dataset), *own)
