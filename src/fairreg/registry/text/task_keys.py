# SPDX-License-Identifier: MIT
"""Terms of the vocabulary of tasks as the registry compares them: by the keys of the facet ``task``."""

from collections.abc import Mapping
from functools import cache, lru_cache

from fairreg.registry.text.normalization import fold
from fairreg.schemas.tasks import narrower, spellings, term_of, vocabulary

__all__ = ["keys_under", "labels_by_key", "terms_by_key"]


@lru_cache(maxsize=256)
def keys_under(asked: str) -> frozenset[str]:
    """Return the keys of all spellings of the term that is asked for, narrower terms included.

    Empty for what is no term. Their number is bounded by the vocabulary.
    """
    term = term_of(asked)
    terms = frozenset() if term is None else frozenset(narrower(term))
    return frozenset(key for key, name in terms_by_key().items() if name in terms)


@cache
def labels_by_key() -> Mapping[str, str]:
    """Return the label of the term of each key that is a spelling of one."""
    return {key: vocabulary()[term].label for key, term in terms_by_key().items()}


@cache
def terms_by_key() -> Mapping[str, str]:
    """Return the term of each key that is a spelling of one."""
    return {fold(text): term.key for term in vocabulary().values() for text in spellings(term)}
