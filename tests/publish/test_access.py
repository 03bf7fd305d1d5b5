# SPDX-License-Identifier: MIT
"""Access that the files restrict: shown, kept at every service, and never lost by a fault of a file."""

import json

import pytest
from msgspec import structs

from fairreg.errors import FairregError, UsageError
from fairreg.formats import fair4ml
from fairreg.schemas.record import Access
from fairreg.services.publish.access import access_words, strictest


def restrict(folder, **stated):
    content = {"title": "A toy tagger", "upload_type": "software", **stated}
    (folder / ".zenodo.json").write_text(json.dumps(content))


CLOSED = [
    {"access_right": "embargoed", "embargo_date": "2030-01-01"},
    {"access_right": "restricted"},
    {"access_right": "closed"},
]


@pytest.mark.parametrize("stated", CLOSED)
@pytest.mark.parametrize("choices", [{}, {"draft": True}])
def test_files_that_are_not_open_reach_no_repository_at_the_hub(push, hub, folder, stated, choices):
    restrict(folder, **stated)
    with pytest.raises(UsageError, match=f"state {stated['access_right']} access") as caught:
        push(**choices)
    assert ".zenodo.json" in caught.value.hint
    assert not hub.repositories


def test_a_public_repository_gets_no_version_with_files_that_are_closed(push, hub, folder):
    push()
    (repository,) = hub.repositories.values()
    restrict(folder, access_right="closed")
    with pytest.raises(UsageError, match="state closed access"):
        push(version_of="lab/toy")
    assert len(repository.commits) == 2


def test_files_that_were_closed_after_a_draft_stay_private(push, hub, folder):
    push(draft=True)
    restrict(folder, access_right="restricted")
    with pytest.raises(UsageError, match="state restricted access"):
        push()
    (repository,) = hub.repositories.values()
    assert repository.private


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    "text",
    [
        '{"access_right": "restricted",}',
        "[]",
        '{"access_right": "Restricted"}',
        '{"access_right": ["restricted"]}',
        '{"access_right": null}',
        '{"embargo_date": "2030-01-01"}',
        '{"access": {"record": "public", "files": "restricted"}, "metadata": {"title": "T"}}',
        '{"metadata": {"title": "T", "access_right": "closed"}}',
        "",
    ],
)
@pytest.mark.parametrize("to", ["zenodo", "huggingface"])
def test_a_statement_that_is_not_understood_keeps_the_draft(run, push, stand, hub, folder, text, to):
    (folder / ".zenodo.json").write_text(text)
    report = run() if to == "zenodo" else push()
    (fault,) = report.faults
    assert ".zenodo.json" in fault.message
    assert report.deposit.status == "draft"
    assert not run.asked
    assert not stand.published()
    assert all(item.private for item in hub.repositories.values())


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"@context": "https://schema.org", "@type": "MLModel", "name": "T", "isAccessibleForFree": false}',
        '{"@context": "https://schema.org", "@type": "MLModel", "name": "T", "conditionsOfAccess": "asked"}',
    ],
)
def test_linked_data_with_an_access_that_is_not_understood_keep_the_draft(run, stand, folder, content):
    (folder / "fair4ml.jsonld").write_text(content)
    report = run()
    assert ["fair4ml.jsonld" in item.message for item in report.faults] == [True]
    assert not stand.published()


def test_words_on_the_access_are_no_fault_where_its_level_is_stated(run, stand, folder):
    words = {"@context": "https://schema.org", "@type": "MLModel", "name": "T", "conditionsOfAccess": "cite"}
    (folder / "fair4ml.jsonld").write_text(json.dumps(words))
    restrict(folder, access_right="open")
    assert run().deposit.status == "published"


@pytest.mark.parametrize(
    "day", [{}, *({"embargo_date": text} for text in ("31.12.2030", "2030-02-31", "2030"))]
)
def test_an_embargo_without_the_day_of_its_end_is_a_fault(run, stand, folder, day):
    restrict(folder, access_right="embargoed", **day)
    (fault,) = run().faults
    assert fault.message.startswith(".zenodo.json has an embargo without the day of its end")
    assert not stand.published()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("datacite.json", '{"rightsList": [{"rightsUri": "info:eu-repo/semantics/closedAccess"}]}'),
        ("datacite.xml", '<rights rightsURI="http://purl.org/coar/access_right/c_16ec">x</rights>'),
    ],
)
def test_an_access_that_another_file_names_is_a_fault_unless_one_is_stated(run, stand, folder, name, text):
    (folder / name).write_text(text)
    (fault,) = run().faults
    assert name in fault.message
    assert not stand.published()
    restrict(folder, access_right="open")
    assert run().deposit.status == "published"


def test_the_strictest_access_counts():
    ordered = [
        None,
        Access(level="open"),
        Access(level="embargoed", until="2030-01-01"),
        Access(level="embargoed", until="2031-01-01"),
        Access(level="embargoed"),
        Access(level="restricted"),
        Access(level="closed"),
    ]
    for place, item in enumerate(ordered):
        assert strictest([*ordered[:place], item]) == strictest([item, *ordered[:place]]) == item


def test_a_file_that_is_left_out_restricts_the_access_all_the_same(run, stand, folder):
    restrict(folder, access_right="restricted")
    assert run(exclude=(".zenodo.json",)).record.access.level == "restricted"
    (record,) = stand.published()
    assert record.document["access"]["files"] == "restricted"


def test_a_link_in_its_place_is_refused(run, stand, folder, tmp_path):
    (tmp_path / "elsewhere.json").write_text('{"access_right": "closed"}')
    (folder / ".zenodo.json").unlink()
    (folder / ".zenodo.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(FairregError, match="is a link"):
        run()
    assert not stand.asked


def test_a_second_file_does_not_open_what_the_first_closes(run, stand, folder):
    opened = structs.replace(run(draft=True).record, access=Access(level="open"))
    (folder / "fair4ml.jsonld").write_text(fair4ml.write(opened))
    restrict(folder, access_right="restricted")
    assert run(draft=True).record.access.level == "restricted"


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (None, "public"),
        (Access(level="open"), "public"),
        (Access(level="closed"), "closed"),
        (Access(level="embargoed", until="2030-01-01"), "embargoed until 2030-01-01"),
    ],
)
def test_the_access_is_in_the_report(access, words):
    assert access_words(access) == words


CRATE = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}}
RESTRICTED = "info:eu-repo/semantics/restrictedAccess"


def linked_data(name, **stated):
    """A codemeta.json or a crate that states the access of the whole."""
    if name == "codemeta.json":
        context = {"@context": "https://w3id.org/codemeta/3.0", "@type": "SoftwareSourceCode", "name": "T"}
        return json.dumps(context | stated)
    root = {"@id": "./", "@type": "Dataset", "name": "T", **stated}
    return json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [CRATE, root]})


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", ["codemeta.json", "ro-crate-metadata.json"])
@pytest.mark.parametrize(
    ("stated", "level"),
    [
        (RESTRICTED, "restricted"),
        ({"@id": "http://purl.org/coar/access_right/c_16ec"}, "restricted"),
        (["info:eu-repo/semantics/embargoedAccess", "info:eu-repo/date/embargoEnd/2030-01-01"], "embargoed"),
    ],
)
def test_terms_for_the_access_restrict_it_in_linked_data(run, stand, folder, name, stated, level):
    (folder / name).write_text(linked_data(name, conditionsOfAccess=stated))
    assert run().record.access.level == level
    (record,) = stand.published()
    assert record.document["access"]["files"] == "restricted"
    embargo = record.document["access"].get("embargo") or {}
    assert embargo.get("until") == ("2030-01-01" if level == "embargoed" else None)


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", ["codemeta.json", "ro-crate-metadata.json"])
@pytest.mark.parametrize(
    "content", ["{", {"isAccessibleForFree": False}, {"conditionsOfAccess": "on request"}], ids=str
)
def test_an_access_in_words_of_other_linked_data_keeps_the_draft(run, stand, folder, name, content):
    (folder / name).write_text(content if isinstance(content, str) else linked_data(name, **content))
    assert [name in item.message for item in run().faults] == [True]
    assert not stand.published()


def test_a_crate_that_is_open_is_no_fault(run, stand, folder):
    text = linked_data("ro-crate-metadata.json", isAccessibleForFree=True, conditionsOfAccess="Cite it.")
    (folder / "ro-crate-metadata.json").write_text(text)
    assert run().deposit.status == "published"


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    "keys",
    [
        "extra_gated_prompt: You agree to use it for research only.\nextra_gated_fields:\n  Name: text",
        "extra_gated_heading: Ask us",
        "gated: manual",
        "gated: auto",
        '"gated": true',
    ],
)
@pytest.mark.parametrize("choices", [{}, {"exclude": ("README.md",)}])
def test_a_card_of_a_gated_model_asks_for_the_access(run, stand, folder, keys, choices):
    card = folder / "README.md"
    card.write_text(card.read_text().replace("---\n", f"---\n{keys}\n", 1))
    (fault,) = run(**choices).faults
    assert fault.field == "access"
    assert "README.md has " in fault.message
    assert "state access_right in .zenodo.json" in fault.message
    assert not stand.published()
    restrict(folder, access_right="restricted")
    assert not run(**choices).faults
    (published,) = stand.published()
    assert published.document["access"]["files"] == "restricted"


def test_a_card_that_is_not_gated_is_open(run, stand, folder):
    card = folder / "README.md"
    card.write_text(card.read_text().replace("---\n", "---\ngated: false\n", 1) + "\ngated: yes\n")
    assert not run().faults
    assert stand.published()[0].document["access"]["files"] == "public"


def test_a_gated_model_may_be_opened_by_name(run, stand, folder):
    card = folder / "README.md"
    card.write_text(card.read_text().replace("---\n", "---\ngated: auto\n", 1))
    restrict(folder, access_right="open")
    assert not run().faults
    assert stand.published()[0].document["access"]["files"] == "public"
