# SPDX-License-Identifier: MIT
"""I2 (Duarte et al. 2023, Table 1).

The AI model includes qualified references to other objects, including its (FAIR) training data.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from fairreg.assessment.base import Citation, Finding, Verdict, indicator
from fairreg.assessment.content.documents import Stated, recorded_commit, stated_in
from fairreg.assessment.content.packaged_metadata import named_datasets, stated_training_data
from fairreg.assessment.evidence import DatasetScore, Evidence, Role
from fairreg.assessment.findings import (
    cite_dataset,
    cite_document,
    cite_record,
    cite_relation,
    cite_text,
    failed,
    free_texts,
    origin_of,
    partial,
    passed,
    unknown,
    unread_files,
    why_unregistered,
)
from fairreg.assessment.lineage import is_persistent, relations
from fairreg.assessment.training import dataset_mentions, dataset_relations, is_current, training_sets
from fairreg.formats.related import source_revision
from fairreg.rubrics import DATASETS, VERSIONS
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Relation
from fairreg.sources import code_sites, scheme_names, schemes

_METADATA: tuple[Role, ...] = ("citation", "codemeta", "zenodo_json")
_GOOD, _FAIR = 0.75, 0.5
_UNREAD = "the training data"
_BEYOND = "not assessed"  # of data beyond those that one assessment looks at
_ROUNDING = 1e-9
_CODE_SITES = "|".join(re.escape(site) for site in code_sites())
_REPOSITORY = re.compile(
    rf"(?:https?://(?:www\.)?|git@)(?:{_CODE_SITES}|gitlab\.[\w.-]{{1,60}}|bitbucket\.org|codeberg\.org)[/:]"
    r"[\w./-]{3,200}|\bswh:1:(?:dir|rev|rel|snp):[0-9a-f]{40}\b"
)


@indicator(
    "I2-1",
    weight=3,
    title="Training data referenced, qualified, by persistent identifier",
    passes="a typed relation to a persistent identifier in the record, or in FAIR4ML or a card beside it",
    partial="a persistent identifier in README, Makefile or docs only, or another kind of identifier",
    fails="none",
    corresponds_to=("FsF-I3-01M-2", "FRSM-12-I2-1", "ML-R1.4-01M"),
)
def training_data(evidence: Evidence) -> Finding:
    """Typed relations of record, DataCite and metadata files, else identifiers of data in the texts."""
    typed = dataset_relations(evidence)
    persistent = [item for item in typed if is_persistent(item.target)]
    if persistent:
        target = persistent[0].target.compact
        return passed(f"The record refers to {target}.", cite_relation(evidence, persistent[0]))
    shipped = stated_training_data(evidence)
    if shipped:
        document, named = shipped[0]
        cited = cite_document(document, named.compact)
        return passed(f"{document.path} names {named.compact} as the training data.", cited)
    return _named_without_pid(evidence, typed) or unread_files(
        evidence, "a reference to the training data", remedy=_TYPED, roles=_NAMING, registered=True
    )


_NAMING: tuple[Role, ...] = (
    "standard",
    "readme",
    "model_card",
    "makefile",
    "docs",
    "definitions",
    "dockerfile",
)
_TYPED = (
    "Add the DOI of the training data as a typed relation to the record, as trainedOn to fair4ml.jsonld, or "
    "as datasets to the front matter of MODEL_CARD.md. The data are then assessed, too (I2-2)."
)


def _named_without_pid(evidence: Evidence, typed: list[Relation]) -> Finding | None:
    """Judge a relation to no persistent identifier, one of unstated kind, and what texts alone say."""
    if typed:
        reason = f"The record refers to {typed[0].target.compact}, which is not persistent."
        return partial(reason, cite_relation(evidence, typed[0]), remedy=_TYPED)
    derived = [item for item in relations(evidence, "is_derived_from") if not item.target_kind]
    if derived:
        reason = f"The record derives from {derived[0].target.compact}, whose kind is not stated."
        return partial(reason, cite_relation(evidence, derived[0]), remedy=_TYPED)
    for document, name in named_datasets(evidence):
        reason = f"{document.path} names {name} as training data, no persistent identifier."
        return partial(reason, cite_document(document, name), remedy=_TYPED)
    seen = dataset_mentions(evidence)
    if seen:
        value = seen[0][0].value
        reason = f"{value} stands in {seen[0][1].where} only, in no typed field."
        return partial(reason, *(cited for _, cited in seen), remedy=_TYPED)
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        from fairreg.assessment.content.objects.mentions import training_data_address

        if said := training_data_address(document):
            reason = f"{document.path} alone gives an address of the training data, no persistent identifier."
            return partial(reason, cite_text(evidence, document, said), remedy=_TYPED)
    return None


@indicator(
    "I2-2",
    weight=3,
    title="The training data is itself FAIR",
    passes="at least 75 % under the rubric fair-datasets, and no essential check fails",
    partial="at least 50 %",
    fails="less, or no training data is named",
    corresponds_to=("Duarte section 2.1", "Chen Tables 1-2"),
)
def training_data_fair(evidence: Evidence) -> Finding:
    """Mean score of the training data by their own rubric; unknown where what was not read of them decides.

    A dataset without a licence, or closed without a way to get access, fails an essential check: partial at
    most, whatever its score. So that less evidence never gives a better verdict, the verdict holds for both
    ends of the scores: what was not read as fail, essential checks included, and as pass.
    """
    remedy = "Publish the training data with a DOI, a licence and a description of its fields."
    if not evidence.datasets:
        named = training_sets(evidence)
        if named:
            return unknown(f"The training data {named[0].compact} were not assessed.")
        return unread_files(
            evidence, "a reference to the training data", remedy=remedy, roles=_NAMING, registered=True
        )
    datasets = _all_named(evidence)
    cited = [cite_dataset(_as_known(item)) for item in datasets]
    worst, best = (_verdict(datasets, unread) for unread in (0.0, 1.0))
    told = "; ".join(map(_scores, datasets))
    reason = f"{told[0].upper() if told.startswith(_UNREAD) else told[0]}{told[1:]}."
    if worst is not best:
        return unknown(reason, *cited)
    noted = evidence.why_unread("standard", "readme", "model_card") if evidence.unread else None
    if unread := noted or why_unregistered(evidence):
        return unknown(f"{reason} More training data may be named. {unread}", *cited)
    if worst is Verdict.PASS:
        return passed(reason, *cited)
    if failing := next(filter(_failed, datasets), None):
        checks = ", ".join(failing.failed)
        remedy = f"{remedy} The essential check {checks} of {failing.identifier.compact} comes first."
    return (partial if worst is Verdict.PARTIAL else failed)(reason, *cited, remedy=remedy)


def _all_named(evidence: Evidence) -> tuple[DatasetScore, ...]:
    """Return the scores of the training data, and an empty one for each dataset beyond those assessed."""
    known = {item.identifier.key for item in evidence.datasets}
    known |= {item.key for item in evidence.record.identifiers}
    left_out = (item for item in training_sets(evidence) if item.key not in known)
    rubric = f"{DATASETS} {VERSIONS[DATASETS]}"
    return (
        *evidence.datasets,
        *(DatasetScore(identifier=item, rubric=rubric, detail=_BEYOND) for item in left_out),
    )


def _score(dataset: DatasetScore, unread: float) -> float:
    """Return one end of the score, which is the mean over what was read."""
    if dataset.score is None or not is_current(dataset):
        return unread
    read = 1.0 if dataset.coverage is None else dataset.coverage
    return dataset.score * read + unread * (1 - read)


def _as_known(dataset: DatasetScore) -> DatasetScore:
    """Return the score to be cited: one of an older rubric is not shown."""
    if is_current(dataset) or dataset.unread:
        return dataset
    return msgspec.structs.replace(dataset, score=None, detail="no longer used: scored")


def _failed(dataset: DatasetScore) -> tuple[str, ...]:
    return dataset.failed if dataset.score is not None and is_current(dataset) else ()


def _may_fail(dataset: DatasetScore) -> bool:
    """Tell whether an essential check of the dataset may fail that was not read: with a number none is."""
    return dataset.score is None or not is_current(dataset)


def _verdict(datasets: Sequence[DatasetScore], unread: float) -> Verdict:
    """Return the verdict if every check that was not read had `unread` points, 0 or 1."""
    failing = any(map(_failed, datasets)) or (not unread and any(map(_may_fail, datasets)))
    mean = sum(_score(item, unread) for item in datasets) / len(datasets) + _ROUNDING
    if mean >= _GOOD:
        return Verdict.PARTIAL if failing else Verdict.PASS
    return Verdict.PARTIAL if mean >= _FAIR else Verdict.FAIL


def _scores(dataset: DatasetScore) -> str:
    name = dataset.identifier.compact
    if dataset.unread:
        if dataset.detail == _BEYOND:
            return f"{_UNREAD} {name} was not assessed"
        return f"{_UNREAD} {name} could not be read: {(dataset.detail or 'no reason is known').rstrip('.')}"
    if not is_current(dataset):
        return f"{name} was scored under an older rubric ({dataset.rubric}); assess it again"
    if dataset.score is None:
        return f"{name} has no score ({(dataset.detail or 'too little was read').rstrip('.')})"
    low, high = (_score(dataset, unread) for unread in (0.0, 1.0))
    ends = f" (between {low:.0%} and {high:.0%} with what was not read)" if high > low + _ROUNDING else ""
    fails = f" and fails the essential check {', '.join(dataset.failed)}" if dataset.failed else ""
    return f"{name} scores {dataset.score:.0%}{ends}{fails}"


@indicator(
    "I2-4",
    weight=2,
    title="Source code referenced at a version",
    passes="at a tag, commit or SWHID",
    partial="the repository as a whole, or in prose only",
    fails="none",
    corresponds_to=("FsF-I3-01M-2", "ML-R1.5-01M"),
)
def source_code(evidence: Evidence) -> Finding:
    """Relations and identifiers that lead to code, else CITATION.cff and codemeta.json."""
    named = _code_references(evidence)
    stated = stated_in(evidence)
    for reason, cited in _at_a_version(evidence, named, stated):
        return passed(reason, cited)
    remedy = (
        "Refer to the code at the tag or commit that made the model (isSupplementTo .../tree/<tag>, or "
        "commit of CITATION.cff)."
    )
    roots = [(target.compact, cited) for target, cited in named if target.scheme in scheme_names("code")]
    roots += [
        (item.facts.repository, cite_document(item.document, item.facts.repository))
        for item in stated
        if item.facts.repository
    ]
    if roots:
        return partial(f"{roots[0][0]} is named as a whole.", *(cited for _, cited in roots), remedy=remedy)
    told = _code_in_prose(evidence)
    if told:
        return partial(f"The code is stated in prose only, in {told[0].where}.", *told, remedy=remedy)
    read = evidence.why_unread("readme", "model_card", "docs", "hyperparameters", "provenance", *_METADATA)
    if unread := read or why_unregistered(evidence):
        return unknown(f"The record refers to no source code. {unread}")
    return failed("Nothing refers to the source code.", remedy=remedy)


def _at_a_version(
    evidence: Evidence, named: list[tuple[Identifier, Citation]], stated: tuple[Stated, ...]
) -> Iterator[tuple[str, Citation]]:
    """Yield what fixes the version of the code: relations, metadata files, settings, a release."""
    for target, cited in named:
        if source_revision(target):
            yield f"The record refers to {source_revision(target)}.", cited
    commits = [(item.document, item.facts.commit) for item in stated]
    read = evidence.of_role("hyperparameters", "provenance")
    for document, commit in (*commits, *((item, recorded_commit(item)) for item in read)):
        if commit:
            yield f"{document.path} names commit {commit}.", cite_document(document, commit)
    if release := _own_release(evidence):
        yield f"The record is that of the code at {release}.", cite_record(evidence, "version", release)


def _code_in_prose(evidence: Evidence) -> list[Citation]:
    """Return addresses of repositories that their sentence, the one before or the heading calls code."""
    found: list[Citation] = []
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        from fairreg.assessment.content.objects.related import repository_told

        found += [cite_text(evidence, document, said) for said in repository_told(document, _REPOSITORY)]
    return found


def _own_release(evidence: Evidence) -> str | None:
    """Return the release that the record of a code repository describes; None for its newest commit."""
    record = evidence.record
    is_code = any(item.name == record.provenance.source for item in schemes() if item.names == "code")
    return record.version if is_code and origin_of(record, "version") == "stated" else None


def _code_references(evidence: Evidence) -> list[tuple[Identifier, Citation]]:
    kinds = relations(evidence, "is_supplement_to", "is_derived_from", "requires", "is_compiled_by")
    found = [(item.target, cite_relation(evidence, item)) for item in kinds]
    return found + [
        (item, cite_record(evidence, "identifiers", item.compact)) for item in evidence.record.identifiers
    ]
