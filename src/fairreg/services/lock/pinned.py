# SPDX-License-Identifier: MIT
"""Pinned facts beside files, metadata and scores, compared with what is found today.

The files of a model may be the locked ones while the lock states other weights in them, another source, or
another name that led to it: then the lock is not what was made.
"""

from collections.abc import Iterator

from fairreg.errors import FairregError, IdentifierError, NotFound
from fairreg.schemas.documents.changes.locks import LockedModel, LockedWeights
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.diff.metadata import FieldDifference
from fairreg.services.diff.weights import WeightsState
from fairreg.services.lock.published import PublishedModel, PublishedReader

__all__ = ["record_facts", "weights_facts"]

_ALWAYS = ("sha256",)
_OF_RULE = ("fingerprint", "shapes", "operators", "tensors", "parameters")


def record_facts(
    reader: PublishedReader, model: LockedModel, today: PublishedModel
) -> tuple[tuple[FieldDifference, ...], FairregError | None]:
    """Return the facts on the record that are others today, and why a name could not be asked for.

    A name that led to the model may lead to a newer version today: that is no change.
    """
    record = today.record
    found = []
    for name, first, second in (
        ("concept_doi", model.concept_doi, record.concept_doi),
        ("source", model.source, record.provenance.source),
    ):
        if first != second:
            found.append(FieldDifference(name, first, second))
    for asked in model.asked:
        try:
            leads_to = _leads_to(reader, asked, today)
        except FairregError as error:
            return tuple(found), error
        if leads_to != record.identifier:
            found.append(FieldDifference("asked", asked, leads_to))
    return tuple(found), None


def _leads_to(reader: PublishedReader, asked: str, today: PublishedModel) -> str | None:
    """The identifier that a name leads to: that of today's record if it does, or leads to another version."""
    record = today.record
    requested = RequestedIdentifier.of(asked)
    own = {item.compact for item in record.identifiers}
    if requested.identifier is not None and requested.identifier.compact in own:
        return record.identifier
    try:
        other = reader.record(asked)
    except (IdentifierError, NotFound):
        return None
    same = record.concept_doi is not None and other.concept_doi == record.concept_doi
    return record.identifier if same else other.identifier


def weights_facts(
    model: LockedModel, today: PublishedModel, *, same_rule: bool, same_release: bool
) -> tuple[FieldDifference, ...]:
    """Return the facts on weights, in files that are the locked ones, that are others today.

    Fingerprints of another rule are not compared. Another release may read files that this one could not.
    """
    return tuple(_of_weights(model, today, same_rule=same_rule, same_release=same_release))


def _of_weights(
    model: LockedModel, today: PublishedModel, *, same_rule: bool, same_release: bool
) -> Iterator[FieldDifference]:
    left = list(today.weights)
    for locked in model.weights:
        twin = _twin(locked, left)
        if twin is None:
            yield FieldDifference(f"weights {locked.name}", locked.sha256, None)
            continue
        left.remove(twin)
        names = (*_ALWAYS, *(_OF_RULE if same_rule else ()), *(("format",) if same_release else ()))
        for name in names:
            first, second = getattr(locked, name), getattr(twin, name)
            if first != second and (same_release or None not in (first, second)):
                yield FieldDifference(f"weights {locked.name} {name}", first, second)
    if same_release:
        yield from (FieldDifference(f"weights {item.name}", None, item.sha256) for item in left)


def _twin(locked: LockedWeights, today: list[WeightsState]) -> WeightsState | None:
    """Today's weights of the same name, of several with the same bytes if there are any."""
    named = [item for item in today if item.name == locked.name]
    return next((item for item in named if item.sha256 == locked.sha256), named[0] if named else None)
