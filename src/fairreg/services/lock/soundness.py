# SPDX-License-Identifier: MIT
"""Facts of a lock that contradict each other, so that somebody edited it: no source has to be asked.

A digest over the whole lock would say less: whoever edits a file can compute it again.
"""

import math
from collections.abc import Iterator

from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Verdict
from fairreg.assessment.rubric import Rubric
from fairreg.schemas.documents.changes.locks import LockedModel, LockedScores, LockedWeights
from fairreg.storage.archive import has_archive_name
from fairreg.storage.formats import BARE_WEIGHTS, ENSEMBLE_FORMATS

__all__ = ["almost_equal", "contradictions"]

# Formats of models in one file: the digest of their weights is that of the file. Others may have side files.
_ONE_FILE = BARE_WEIGHTS | ENSEMBLE_FORMATS
# Sums of the same numbers in the same order are the same, but for the digits that JSON has.
_ALMOST = 1e-9


def contradictions(model: LockedModel) -> Iterator[str]:
    """Yield what two facts of a locked model say against each other, as clauses."""
    stated = model.metadata.get("identifier", model.identifier)
    if stated != model.identifier:
        yield f"its metadata are of {str(stated)[:100]!r}"
    yield from _of_weights(model)
    yield from _of_scores(model.scores)


def _of_weights(model: LockedModel) -> Iterator[str]:
    # Weights of an archive are named by their place in it; a zip may have no suffix.
    packed = any(has_archive_name(item.name) or "." not in item.name for item in model.files)
    digests: dict[str, set[str]] = {}
    for item in model.files:
        digests.setdefault(item.name, set()).add(item.sha256)
    for weights in model.weights:
        of_file = digests.get(weights.name, set())
        if weights.format in _ONE_FILE and not packed and weights.sha256 not in of_file:
            yield f"its weights {weights.name!r} are in no file with that SHA-256"
        if _are_half_known(weights):
            yield f"its weights {weights.name!r} have one of fingerprint and shapes, and not both"


def _are_half_known(weights: LockedWeights) -> bool:
    return (weights.fingerprint is None) != (weights.shapes is None)


def _of_scores(scores: LockedScores) -> Iterator[str]:
    """Compute the scores again, where this fairreg has the rules and all indicators of them."""
    rules = next((item for item in (rubric.MODELS, rubric.DATASETS) if _has(item, scores)), None)
    known = {item.id: item for item in rubric.indicators(rules)} if rules else {}
    if rules is None or known.keys() != scores.verdicts.keys():
        return
    scored = [(item, Finding(Verdict(scores.verdicts[name]), "")) for name, item in known.items()]
    overall, letters = rules.scores(scored)
    if not almost_equal(overall.value, scores.overall):
        yield "its overall score is not that of its verdicts"
    if letters.keys() != scores.letters.keys():
        yield "its scores are not those of the four letters"
    for letter, stated in scores.letters.items():
        if letter in letters and not almost_equal(letters[letter].value, stated):
            yield f"its score of the letter {letter} is not that of its verdicts"


def _has(rules: Rubric, scores: LockedScores) -> bool:
    return (rules.name, rules.version) == (scores.rubric, scores.rubric_version)


def almost_equal(computed: float | None, stated: float | None) -> bool:
    """Tell whether two scores are the same but for the last digits; None is only the same as None."""
    if computed is None or stated is None:
        return computed is stated
    return math.isclose(computed, stated, abs_tol=_ALMOST)
