# SPDX-License-Identifier: MIT
"""Content negotiation: which representation a client gets for what it accepts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.server.records.negotiation import MediaType, Variant, ranked
from support.examples import examples

OFFERED = (
    Variant("html", ("text/html",)),
    Variant("schema-org", ("application/ld+json", 'application/ld+json; profile="https://schema.org/"')),
    Variant("json", ("application/json",)),
    Variant("jsonld", ('application/ld+json; profile="https://a.example/one"',)),
    Variant("crate", ('application/ld+json; profile="https://b.example/two https://b.example/three"',)),
)


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "html"),
        ("  ", "html"),
        ("*/*", "html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "html"),
        ("application/json", "json"),
        ("APPLICATION/JSON ; charset=utf-8", "json"),
        # A client that names a type and takes all others as well wants that type.
        ("application/json, text/plain, */*", "json"),
        ("application/*;q=0.5, text/html;q=0.4", "schema-org"),
        ("application/ld+json", "schema-org"),
        ("application/ld+json;q=0.9, application/json;q=0.91", "json"),
        ('application/ld+json;profile="https://a.example/one"', "jsonld"),
        ("application/ld+json;profile=https://a.example/one", "jsonld"),
        ('application/ld+json; q=0.5; profile="https://b.example/three"', "crate"),
        ('application/ld+json;profile="https://other.example https://b.example/two"', "crate"),
        # As pyLD asks: its own profile, which nothing has, then any.
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#context", application/ld+json;q=0.5',
         "schema-org"),
        ('application/ld+json;q=0, application/ld+json;profile="https://a.example/one"', "jsonld"),
        ("text/html;q=0, */*;q=0.1", "schema-org"),
        ("application/json;q=nonsense", "json"),
        (",,;q=1, application/json", "json"),
        ("image/png", None),
        ("text/html;q=0", None),
        ("*/*;q=0", None),
        ('application/ld+json;profile="https://unknown.example"', None),
        ("nonsense", None),
    ],
)  # fmt: skip
def test_the_best_of_what_is_accepted(accept, name):
    best = ranked(OFFERED, accept)
    assert (best[0][0].name if best else None) == name


def test_all_that_is_accepted_is_listed_best_first_and_once():
    best = ranked(OFFERED, "application/ld+json, */*;q=0.2")
    found = [(item.name, media_type) for item, media_type in best]
    assert found[0] == ("schema-org", "application/ld+json")
    assert [name for name, _ in found] == ["schema-org", "jsonld", "crate", "html", "json"]


def test_a_media_type_is_announced_with_the_profile_that_was_asked_for():
    wanted = 'application/ld+json; profile="https://schema.org/"'
    assert ranked(OFFERED, wanted)[0] == (OFFERED[1], wanted)


RANGES = st.tuples(
    st.sampled_from(["*/*", "text/*", "text/html", "application/ld+json", "application/json", "a/b"]),
    st.sampled_from(["", ";q=0", ";q=0.001", ";q=1", ";q=2", ';profile="https://a.example/one"', ";q"]),
).map("".join)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(RANGES, min_size=1).map(", ".join) | st.text())
def test_no_header_is_more_than_a_preference(accept):
    best = ranked(OFFERED, accept)
    assert len({item.name for item, _ in best}) == len(best) <= len(OFFERED)
    assert all(media_type in item.media_types for item, media_type in best)


def test_a_header_of_any_length_costs_a_bounded_number_of_steps(monkeypatch):
    parsed = []
    whole = MediaType.of.__func__

    def noted(cls, text):
        parsed.append(text)
        return whole(cls, text)

    monkeypatch.setattr(MediaType, "of", classmethod(noted))
    ranked(OFFERED, 'a/b;profile="' + '\\"' * 10**6 + ", text/html" * 10**5)
    assert len(parsed) <= 100 + sum(len(item.media_types) for item in OFFERED)
    assert sum(map(len, parsed)) < 10_000
