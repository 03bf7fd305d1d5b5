# SPDX-License-Identifier: MIT
"""Hypothesis strategies that build any valid record."""

from typing import get_args

from hypothesis import strategies as st

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    AccessLevel,
    Creator,
    Distribution,
    Evaluation,
    Feature,
    FieldOrigin,
    Kind,
    ModelRecord,
    Origin,
    Provenance,
    Relation,
    RelationType,
    Tensor,
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
maybe = st.none() | text
numbers = st.integers(0, 2**53)
orcids = st.none() | st.from_regex(r"\A[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]\Z")
dates = st.none() | st.dates().map(str) | st.integers(1000, 2999).map(str)
schemes = st.sampled_from(["doi", "concept_doi", "arxiv", "huggingface", "github", "zenodo", "url", "other"])
identifiers = st.builds(
    Identifier,
    schemes | words,
    words | st.just("10.5281/zenodo.7305227") | st.just("https://example.org/a b"),
    maybe,
)


def listed(strategy, size=3):
    return st.lists(strategy, max_size=size).map(tuple)


rors = st.from_regex(r"\A0[a-z0-9]{6}[0-9]{2}\Z")
creators = st.builds(
    Creator,
    name=words,
    orcid=orcids,
    affiliation=maybe,
    kind=st.sampled_from(["person", "organization"]),
    ror=st.none() | rors,
    affiliation_rors=listed(rors),
)
distributions = st.builds(
    Distribution,
    name=words,
    url=maybe,
    size=st.none() | numbers,
    size_is_rounded=st.booleans(),
    checksums=listed(st.from_regex(r"\A(md5|sha256):[0-9a-f]{8}\Z")),
    media_type=maybe,
    format=maybe,
    path=maybe,
)
relations = st.builds(
    Relation,
    type=st.sampled_from(get_args(RelationType)),
    target=identifiers,
    target_kind=maybe,
    stated_type=maybe,
)
tensors = st.builds(
    Tensor,
    name=text,
    dtype=text,
    shape=listed(numbers | text),
    features=listed(st.builds(Feature, name=text, unit=maybe, description=maybe)),
    description=maybe,
)
provenances = st.builds(
    Provenance,
    source=text,
    source_id=text,
    url=maybe,
    retrieved=maybe,
    payload_sha256=maybe,
    origins=listed(
        st.builds(FieldOrigin, field=text, origin=st.sampled_from(get_args(Origin)), evidence=maybe)
    ),
    merged_from=listed(text),
)
records = st.builds(
    ModelRecord,
    identifier=words | st.just("doi:10.5281/zenodo.7305227"),
    kind=st.sampled_from(get_args(Kind)),
    name=words,
    provenance=provenances,
    description=maybe,
    alternate_names=listed(text),
    identifiers=listed(identifiers),
    version=maybe,
    creators=listed(creators),
    publisher=maybe,
    stated_type=maybe,
    license=maybe | st.sampled_from(["MIT", "CC-BY-4.0", "MIT OR Apache-2.0"]),
    license_stated=maybe,
    keywords=listed(text),
    language=maybe,
    ml_task=listed(text),
    model_category=listed(text),
    frameworks=listed(text),
    formats=listed(text),
    date_created=dates,
    date_published=dates,
    date_modified=dates,
    distributions=listed(distributions),
    relations=listed(relations, 5),
    evaluations=listed(st.builds(Evaluation, metric=words, value=text, dataset=maybe, split=maybe)),
    inputs=listed(tensors, 2),
    outputs=listed(tensors, 2),
    parameter_count=st.none() | numbers,
    intended_use=maybe,
    limitations=maybe,
    usage=maybe,
    notes=maybe,
    access=st.none()
    | st.builds(Access, level=st.sampled_from(get_args(AccessLevel)), conditions=maybe, until=maybe),
)
