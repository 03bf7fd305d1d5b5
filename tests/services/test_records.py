# SPDX-License-Identifier: MIT
"""A registry carried to another: what sources said, withdrew and sent in vain, and what people decided."""

import base64
import dataclasses
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fairreg.errors import RecordError
from fairreg.registry import (
    Assessment,
    Entry,
    ExportedStatement,
    LinkOverride,
    Registry,
    RejectedPayload,
    Statement,
    StatementKey,
    Submission,
    Tombstone,
    catalogue,
)
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.registry import export_format
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export, import_
from fairreg.settings import Settings
from support.databases import Databases
from support.examples import examples
from support.postgres import RUN
from support.records import records

Home = Callable[[str], Settings]
LONG_AGO = "2021-02-03T04:05:06+00:00"


@pytest.fixture
def home(databases: Databases, tmp_path: Path) -> Home:
    """Makes registries with the catalogue in them."""
    return lambda name: databases.home(tmp_path / name, "catalogue")


def said(number: int, **changes: object) -> ModelRecord:
    """One record of Zenodo with a DOI of its own."""
    return replace(
        catalogue.records()[0],
        identifier=f"doi:10.1234/v{number}",
        identifiers=(Identifier("doi", f"10.1234/v{number}"),),
        provenance=Provenance("zenodo", str(number)),
        **changes,
    )


LETTERS = dict.fromkeys("FAIR", 0.5)


def with_report(item: Assessment, **intervals: tuple[float, float] | None) -> Assessment:
    """The assessment with the report that its scores are from; `intervals` of letters, if not 0..1."""
    told = ("rubric", "rubric_version", "overall", "coverage", "letters")
    report = {name: getattr(item, name) for name in told}
    report["letter_intervals"] = dict.fromkeys("FAIR", (0.0, 1.0)) | intervals
    return dataclasses.replace(item, report=json.dumps(report).encode())


@pytest.fixture
def full(home: Home) -> Settings:
    """A registry with payloads, a tombstone of long ago, verdicts both ways and refused payloads."""
    return filled(home("full"))


def filled(settings: Settings) -> Settings:
    with Registry(settings=settings) as registry:
        given = [Submission(said(number), b"payload %d" % number, "application/json") for number in range(5)]
        refused = [
            RejectedPayload("zenodo", b"{}", "It is empty.", "$.id", LONG_AGO),
            RejectedPayload("zenodo", b"", "It is nothing."),
            RejectedPayload("dlhub", b"[]", "It is a list."),
        ]
        registry.put_many(given, rejected=refused)
        registry.statements.restore([ExportedStatement(given[3], Tombstone("Spam.", LONG_AGO))])
        registry.statements.withdraw("zenodo", "4", "")
        registry.link("zenodo:0", "zenodo:1")
        registry.unlink("zenodo:1", "zenodo:2")
        registry.assessments.save(
            with_report(
                Assessment(
                    identifier=f"doi:10.1234/v{number}",
                    subject=("doi", f"10.1234/v{number}"),
                    rubric="fair-ai-models",
                    rubric_version="2.0",
                    assessed_at=LONG_AGO,
                    offline=False,
                    overall=0.5 + number / 10,
                    coverage=0.9,
                    letters=LETTERS,
                    evidence_sha256="0" * 64,
                    evidence=b"{}",
                )
            )
            for number in (2, 0)
        )
    return settings


def test_what_is_carried_to_a_new_registry_and_back_out_is_the_same_bytes(
    full: Settings, home: Home, tmp_path: Path
) -> None:
    counts = export(full, tmp_path / "one.jsonl")
    assert counts == {"statements": 170, "verdicts": 2, "refused": 3, "assessments": 2}
    other = home("other")
    assert import_(other, tmp_path / "one.jsonl") == {
        "new": 5, "changed": 0, "unchanged": 165, "verdicts": 2, "refused": 3, "assessments": 2
    }  # fmt: skip
    export(other, tmp_path / "two.jsonl")
    assert (tmp_path / "two.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()
    assert check(other).sound
    with Registry(settings=full) as one, Registry(settings=other) as two:
        assert two.links.overrides() == one.links.overrides()
        assert two.harvests.rejected("zenodo")[0].refused_at == one.harvests.rejected("zenodo")[0].refused_at
        assert two.entry_for("10.1234/v3").gone_at == LONG_AGO
        assert two.entry_for("10.1234/v2").fair_score == one.entry_for("10.1234/v2").fair_score == 0.7
        (assessment,) = two.assessments.history("10.1234/v2")
        assert two.assessments.evidence(assessment) == b"{}"
        assert len(two.explain("10.1234/v0").entries) == len(one.explain("10.1234/v0").entries) == 2


@pytest.mark.engines("postgresql")
def test_from_a_file_to_a_server_and_back_to_a_file_it_is_the_same_bytes(
    home: Home, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    files = Databases(None, pytestconfig.stash[RUN])
    first = filled(files.home(tmp_path / "first", "catalogue"))
    with Registry(settings=first) as registry:
        registry.put_many(map(numbered, range(40)))
    server, last = home("server"), files.home(tmp_path / "last", "catalogue")
    written = []
    for number, (source, target) in enumerate(pairwise((first, server, last, None))):
        export(source, tmp_path / f"{number}.jsonl")
        written.append((tmp_path / f"{number}.jsonl").read_bytes())
        if target is not None:
            import_(target, tmp_path / f"{number}.jsonl")
            assert check(target).sound
    assert written[0] == written[1] == written[2]
    with Registry(settings=first) as one, Registry(settings=server) as two:
        assert list(map(linked_data, one)) == list(map(linked_data, two))


def numbered(number: int) -> ModelRecord:
    """Records whose places sort otherwise by people's rules than by code points."""
    letter = "aAbBzZäÄéßøØ日-_ ."[number % 16]
    record = said(
        1000 + number, keywords=(f"{letter} Größe", "1.0", "1e5"), parameter_count=10**number % 2**53
    )
    return replace(record, provenance=Provenance("zenodo", f"{letter}{number}"))


def linked_data(record: ModelRecord) -> str:
    return json.dumps(record.to_jsonld(), ensure_ascii=False)


def test_a_second_import_changes_nothing(full: Settings, tmp_path: Path) -> None:
    export(full, tmp_path / "one.jsonl")
    counts = import_(full, tmp_path / "one.jsonl")
    assert (counts["new"], counts["changed"], counts["unchanged"]) == (0, 0, 170)
    export(full, tmp_path / "two.jsonl")
    assert (tmp_path / "two.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()


def test_files_of_releases_that_knew_only_statements_are_read(
    full: Settings, home: Home, tmp_path: Path
) -> None:
    export(full, tmp_path / "new.jsonl")
    documents = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text("utf-8").splitlines()]
    old = [
        {key: item[key] for key in ("record", "payload", "media_type", "gone_reason")}
        for item in documents
        if "type" not in item
    ]
    (tmp_path / "old.jsonl").write_text("\n".join(map(json.dumps, old)), encoding="utf-8")
    other = home("other")
    assert import_(other, tmp_path / "old.jsonl") == {"new": 5, "changed": 0, "unchanged": 165}
    with Registry(settings=other) as registry:
        tombstone = registry.statements.get("zenodo", "3")
    assert tombstone is not None
    assert (tombstone.gone, tombstone.gone_reason) == (True, "Spam.")
    assert import_(full, tmp_path / "old.jsonl")["unchanged"] == 170
    with Registry(settings=full) as registry:
        assert registry.entry_for("10.1234/v3").gone_at == LONG_AGO


def test_of_two_verdicts_the_newer_one_counts(home: Home) -> None:
    settings, pair = home("home"), (StatementKey("zenodo", "0"), StatementKey("zenodo", "1"))
    with Registry(settings=settings) as registry:
        registry.put_many([said(0), said(1)])
        assert registry.links.restore([LinkOverride(*pair, same=True, made_at=LONG_AGO)]) == 1
        assert len(registry.explain("10.1234/v0").entries) == 2
        assert (
            registry.links.restore([LinkOverride(*pair, same=False, made_at="2022-01-01T00:00:00+00:00")])
            == 1
        )
        assert len(registry.explain("10.1234/v0").entries) == 1
        assert registry.links.restore([LinkOverride(*pair, same=True, made_at=LONG_AGO)]) == 0
        assert not registry.links.every()[0].same


def test_a_verdict_may_come_before_what_it_is_about(home: Home) -> None:
    settings = home("home")
    with Registry(settings=settings) as registry:
        registry.links.restore(
            [LinkOverride(StatementKey("zenodo", "0"), StatementKey("zenodo", "1"), True, LONG_AGO)]
        )
        registry.put_many([said(0), said(1)])
        assert len(registry.explain("10.1234/v0").entries) == 2


PLAIN = {
    "identifier": "x:1",
    "kind": "model",
    "name": "x",
    "provenance": {"source": "x", "source_id": "1"},
}


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    "line",
    [
        {"record": PLAIN, "gone_at": 5},
        {"record": PLAIN, "media_type": 5},
        {"record": {**PLAIN, "more": 5}},
        {"type": "verdict", "one": ["a", "b"], "other": ["a", "b"], "same": True, "made_at": LONG_AGO},
        {"type": "verdict", "one": ["a", "b"], "other": ["a"], "same": True, "made_at": LONG_AGO},
        {"type": "verdict", "one": ["a", "b"], "other": ["a", 5], "same": True, "made_at": LONG_AGO},
        {"type": "verdict", "one": ["a", "b"], "other": ["a", "c"], "same": "yes", "made_at": LONG_AGO},
        {"type": "verdict", "one": ["a", "b"], "other": ["a", "c"], "same": True},
        {"type": "refusal", "source": "zenodo", "reason": "No."},
        {"type": "refusal", "source": 5, "reason": "No.", "payload": ""},
        {"type": "refusal", "source": "zenodo", "reason": "No.", "payload": "%"},
        {"type": "assessment", "identifier": "doi:10.1234/v0"},
        {"type": "another"},
        [],
        None,
    ],
    ids=str,
)
def test_a_bad_line_is_named_and_nothing_is_kept(
    full: Settings, home: Home, tmp_path: Path, line: object
) -> None:
    export(full, tmp_path / "good.jsonl")
    with (tmp_path / "good.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    other = home("other")
    with pytest.raises(RecordError, match="line 178"):
        import_(other, tmp_path / "good.jsonl")
    with Registry(settings=other) as registry:
        assert registry.info().entries == 165


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    "changes",
    [
        {"overall": 7.3},
        {"overall": -1},
        {"overall": float("nan")},
        {"overall": True},
        {"coverage": 3},
        {"coverage": 0.79},
        {"letters": {"F": 1.5}},
        {"letters": {"Z": 0.5}},
        {"assessed_at": "yesterday"},
        {"assessed_at": "2026-11-22"},
        {"assessed_at": "9999-01-01T00:00:00+00:00"},
        {"judged_at": "x"},
        {"overall": 0.99},
        {"overall": None},
        {"coverage": 0.95},
        {"rubric": "fair-datasets"},
        {"letters": LETTERS | {"R": 0.6}},
        {"report": ""},
        {"report": base64.b64encode(b'{"overall": 0.5}').decode()},
    ],
    ids=str,
)
def test_scores_that_no_assessment_gives_are_refused_by_line(
    full: Settings, home: Home, tmp_path: Path, changes: dict[str, object]
) -> None:
    export(full, tmp_path / "good.jsonl")
    *lines, last = (tmp_path / "good.jsonl").read_text("utf-8").splitlines()
    bad = json.dumps(json.loads(last) | changes)
    (tmp_path / "bad.jsonl").write_text("\n".join([*lines, bad]) + "\n", encoding="utf-8")
    other = home("other")
    with pytest.raises(RecordError, match=rf"bad\.jsonl line {len(lines) + 1}\b"):
        import_(other, tmp_path / "bad.jsonl")
    with Registry(settings=other) as registry:
        assert registry.info().entries == 165
        assert registry.search("", min_fair=0.0).total == 0


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("letters", "not_applicable", "accepted"),
    [
        ({}, "", True),
        ({"A": None, "I": None, "R": None}, "", False),
        ({"I": None}, "", False),
        ({"I": None}, "I", True),
    ],
)
def test_an_overall_score_is_imported_only_with_a_number_for_each_letter_that_applies(
    full: Settings,
    home: Home,
    tmp_path: Path,
    letters: dict[str, None],
    not_applicable: str,
    accepted: bool,
) -> None:
    with Registry(settings=full) as registry:
        made = registry.assessments.history("10.1234/v0")[0]
        changed = dataclasses.replace(made, letters=LETTERS | letters, evidence_sha256="1" * 64)
        registry.assessments.save([with_report(changed, **dict.fromkeys(not_applicable))])
        export(full, tmp_path / "all.jsonl", registry=registry)
    if accepted:
        import_(home("other"), tmp_path / "all.jsonl")
    else:
        with pytest.raises(RecordError, match=r"needs a number for .*I"):
            import_(home("other"), tmp_path / "all.jsonl")


def test_an_import_shows_the_newest_score_in_a_new_registry_and_in_one_that_is_ahead(
    home: Home, tmp_path: Path
) -> None:
    def judged(digest: str, at: str, overall: float) -> Assessment:
        return with_report(
            Assessment(
                identifier="doi:10.1234/v0",
                subject=("doi", "10.1234/v0"),
                rubric="fair-ai-models",
                rubric_version="2.0",
                assessed_at=at,
                offline=False,
                overall=overall,
                coverage=0.9,
                letters=LETTERS,
                evidence_sha256=digest * 64,
            )
        )

    ahead, new = home("ahead"), home("new")
    with Registry(settings=ahead) as registry:
        registry.put(said(0))
        registry.assessments.save([judged("f", "2026-01-01T00:00:00+00:00", 0.9)])
        export(ahead, tmp_path / "old.jsonl", registry=registry)
        registry.assessments.save([judged("0", "2026-11-01T00:00:00+00:00", 0.4)])
        export(ahead, tmp_path / "all.jsonl", registry=registry)
        import_(ahead, tmp_path / "old.jsonl", registry=registry)
        assert registry.entry_for("10.1234/v0").fair_score == 0.4
    import_(new, tmp_path / "all.jsonl")
    with Registry(settings=new) as registry:
        assert registry.entry_for("10.1234/v0").fair_score == 0.4


@pytest.mark.parametrize(
    "changes", [{"description": "a\0b"}, {"license": "x" * 1400}, {"frameworks": ("x" * 1400,)}], ids=str
)
def test_a_line_that_no_registry_can_keep_is_named_and_nothing_is_kept(
    home: Home, tmp_path: Path, changes: dict[str, object]
) -> None:
    record = said(1)
    statements = [Statement("zenodo", "1", item, LONG_AGO) for item in (record, replace(record, **changes))]
    (tmp_path / "old.jsonl").write_text("".join(map(export_format.line_of, statements)), encoding="utf-8")
    other = home("other")
    with pytest.raises(RecordError, match=r"old\.jsonl line 2: .*(NUL|1,400 bytes)"):
        import_(other, tmp_path / "old.jsonl")
    with Registry(settings=other) as registry:
        assert registry.info().entries == 165


def test_reasons_and_places_of_an_imported_file_hold_no_email_address(home: Home, tmp_path: Path) -> None:
    refusal = {
        "type": "refusal",
        "source": "zenodo",
        "payload": "e30=",
        "reason": "Not a record: 'ada@cern.ch'",
    }
    withdrawn = {"record": said(1).to_json(), "gone_reason": "ask ada@cern.ch", "gone_at": LONG_AGO}
    lines = [refusal | {"path": "$.x['ada@cern.ch']"}, withdrawn]
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    other = home("other")
    import_(other, file)
    with Registry(settings=other) as registry:
        (rejected,) = registry.harvests.rejected()
        gone = registry.statements.get("zenodo", "1")
    assert (rejected.reason, rejected.path) == (
        "Not a record: '(e-mail address)'",
        "$.x['(e-mail address)']",
    )
    assert gone is not None
    assert gone.gone_reason == "ask (e-mail address)"


@pytest.mark.parametrize("kept", [Statement, Entry])
def test_a_withdrawal_that_an_older_release_stored_is_read_without_addresses(
    kept: Callable[..., Statement | Entry],
) -> None:
    place = {"source": "zenodo", "source_id": "1", "retrieved_at": LONG_AGO}
    shown = {"identifier": "x:1", "sources": ("zenodo",), "runnable": False}
    read = kept(record=said(1), gone_reason="ask ada@cern.ch", **(place if kept is Statement else shown))
    assert read.gone_reason == "ask (e-mail address)"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(records, st.none() | st.binary(max_size=20), st.none() | st.text(max_size=9))
def test_any_line_reads_back_as_what_was_written(
    tmp_path: Path, record: ModelRecord, payload: bytes | None, reason: str | None
) -> None:
    origin, at = record.provenance, LONG_AGO if reason is not None else None
    statement = Statement(
        origin.source, origin.source_id, record, LONG_AGO, payload, None, "text/plain", at, reason
    )
    tombstone = None if reason is None else Tombstone(reason, LONG_AGO)
    file = tmp_path / "lines.jsonl"
    text = export_format.line_of(statement)
    file.write_text(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), encoding="utf-8")
    ((number, line),) = export_format.numbered(file.read_bytes().splitlines())
    read = export_format.read_line(line, f"line {number}")
    if "\ufffd" not in text:
        assert read == ExportedStatement(Submission(record, payload, "text/plain"), tombstone)
