# SPDX-License-Identifier: MIT
import json
import re
from importlib.util import find_spec

import pytest
from werkzeug import Response

from fairreg.registry import Registry
from support import hbb
from support.databases import ENGINES
from support.networks import SMALL, random_tensors
from support.weight_files import Files

# Those about what the registry keeps and gives back say so; the others are about the evidence and the output.
pytestmark = pytest.mark.engines("sqlite")

WEIGHTS = "models/trained_models/gnn_baseline_best.pth"
README = b"# Hbb\n\nTrained on [CMS open data](https://doi.org/10.7483/OPENDATA.CMS.JGJX.MS7Q).\n"


@pytest.fixture
def services(httpserver):
    members = {WEIGHTS: Files().legacy(random_tensors(SMALL)), "README.md": README}
    hbb.serve(httpserver, hbb.archive(members))
    return httpserver


def verdicts(document):
    return {
        item["id"]: item["verdict"] for part in document["principles"].values() for item in part["indicators"]
    }


def test_the_document_has_the_fixed_keys_and_scores_in_0_to_1(cli, services):
    result = cli("assess", hbb.DOI, "--json")
    assert result.code == 0, result.err
    document = result.json
    keys = "id rubric rubric_version overall coverage letters principles badge assessed_at evidence_digest"
    added = "interval letter_intervals letter_coverage equal_weights with_fairreg do_first undecided notice"
    added += " schema_version"
    assert set(document) == {*keys.split(), *added.split()}
    assert (document["id"], document["rubric"]) == (f"doi:{hbb.DOI}", "fair-ai-models")
    assert set(document["letters"]) == set("FAIR")
    principles = "F1 F2 F3 F4 A1 A1.1 A1.2 A2 I1 I2 R1 R1.1 R1.2 R2 R3"
    assert list(document["principles"]) == principles.split()
    assert len(verdicts(document)) == 50
    assert all(0 <= score <= 1 for score in document["letters"].values())
    fields = {"id", "weight", "verdict", "reason", "evidence", "remedy"}
    for part in document["principles"].values():
        assert set(part) == {"score", "interval", "coverage", "maturity", "indicators"}
        assert all(fields <= set(item) for item in part["indicators"])


def test_verdicts_rest_on_the_record_its_registration_and_its_files(cli, services):
    found = verdicts(cli("assess", hbb.DOI, "--json").json)
    assert found["F1-1"] == found["F1-2"] == found["F1-3"] == "pass"
    assert found["A1-2"] == "partial"  # md5 is published, and the bytes have it
    assert found["R1.1-1"] == "pass"
    assert found["I2-1"] == "partial"  # the README names the training data, the record does not
    assert found["R2-1"] == "fail"
    assert found["I1-4"] == ("pass" if find_spec("torch") else "partial")  # two runtimes, or one


def test_what_to_do_first_stands_above_the_verdicts_and_names_files_that_fix_writes(cli, services, tmp_path):
    done = cli("assess", hbb.DOI, "--fix", tmp_path / "fixed")
    steps = cli("assess", hbb.DOI, "--offline", "--json").json["do_first"]
    assert 0 < len(steps) <= 5
    assert {step["file"] for step in steps if step["file"]} <= {
        path.name for path in (tmp_path / "fixed").iterdir()
    }
    above, _, _ = done.out.partition("Indicator  Weight")
    assert "Do these five first:" in above
    assert all(f"{step['id']} {step['title']} (+" in above and step["remedy"] in above for step in steps)
    assert "F1                    Identifiers ####" in done.out


def test_offline_the_unknown_is_told_with_the_way_to_know_it(cli, services):
    cli("fetch", hbb.DOI)
    done = cli("assess", hbb.DOI, "--offline")
    assert re.search(r"\d+ unknown \(.*\): Assess again without --offline\.", done.out)


def test_most_of_the_rubric_is_decided(cli, services):
    assert cli("assess", hbb.DOI, "--json").json["coverage"] > 0.8


@pytest.mark.engines(*ENGINES)
def test_offline_the_stored_evidence_gives_the_same_report_again(cli, services):
    online = cli("assess", hbb.DOI, "--json")
    services.clear_log()
    offline = cli("assess", hbb.DOI, "--offline", "--json")
    assert offline.code == 0, offline.err
    assert services.log == []
    assert offline.out == online.out
    assert "without the network" in offline.err


@pytest.mark.engines(*ENGINES)
def test_a_model_is_assessed_offline_from_what_was_fetched(cli, services):
    assert cli("fetch", hbb.DOI).code == 0
    services.clear_log()
    found = verdicts(cli("assess", hbb.DOI, "--offline", "--json").json)
    assert services.log == []
    assert found["R2-1"] == "fail"
    assert found["A1-2"] == "partial"
    assert found["F4-2"] == "unknown"


def test_offline_without_a_fetch_leaves_the_files_unknown(cli, httpserver):
    found = verdicts(cli("assess", hbb.DOI, "--offline", "--json").json)
    assert found["R2-1"] == found["I1-1"] == "unknown"
    assert httpserver.log == []


@pytest.mark.engines(*ENGINES)
def test_the_score_is_shown_by_search_afterwards(cli, services):
    overall = cli("assess", hbb.DOI, "--json").json["overall"]
    row = cli("search", "Hbb tagger", "--json").json["results"][0]
    assert row["fair_score"] == pytest.approx(overall, abs=1e-3)


def test_a_score_below_the_threshold_ends_with_5_after_the_report(cli, services):
    result = cli("assess", hbb.DOI, "--min-score", "0.99", "--json")
    assert result.code == 5
    assert result.json["overall"] < 0.99
    assert cli("assess", hbb.DOI, "--min-score", "0.1", "--json").code == 0


def test_a_score_just_below_the_threshold_does_not_read_as_equal_to_it(cli, services):
    overall = cli("assess", hbb.DOI, "--json").json["overall"]
    result = cli("assess", hbb.DOI, "--offline", "--min-score", overall + 0.001, "--json")
    assert f"is {overall:.4f}, below" in result.err


def test_what_a_file_says_does_not_steer_the_terminal(cli, httpserver):
    text = b"# Hbb\n\nTrained on data \x1b]0;title\x07\x1b[31m 10.7483/OPENDATA.CMS.JGJX.MS7Q.\n"
    hbb.serve(httpserver, hbb.archive({"README.md": text}))
    out = cli("assess", hbb.DOI).out
    assert "Trained on data" in out
    assert not {"\x1b", "\x07"} & set(out)


def test_a_zenodo_address_is_assessed_as_the_doi_is(cli, services):
    named = verdicts(cli("assess", "https://zenodo.org/records/7305227", "--json").json)
    assert named == verdicts(cli("assess", hbb.DOI, "--json").json)


def test_a_network_fault_is_unknown_and_never_a_fail(cli, httpserver):
    for path in ("/doi/ra/10.5281", f"/doi/{hbb.DOI}", "/zenodo/oai2d", "/zenodo/records/7305227"):
        httpserver.expect_request(path).respond_with_response(Response(status=503))
    httpserver.expect_request(f"/datacite/dois/{hbb.DOI}").respond_with_response(Response(status=503))
    hbb.serve(httpserver, hbb.archive({"README.md": README}))
    document = cli("assess", hbb.DOI, "--json").json
    found = verdicts(document)
    assert found["F1-2"] == found["F4-1"] == found["F4-2"] == found["A1.1-3"] == "unknown"


def test_the_scorecard_says_letters_verdicts_evidence_and_remedies(cli, services):
    out = cli("assess", hbb.DOI).out
    for words in ("overall", "coverage", "F1-1", "R3-3", "pass", "partial", "fail", "->", hbb.DOI):
        assert words in out


def test_an_unknown_model_is_no_report(cli, httpserver):
    httpserver.expect_request("/datacite/dois/10.1234/none").respond_with_json({"errors": []}, status=404)
    httpserver.expect_request("/doi/10.1234/none").respond_with_data("", status=404)
    result = cli("assess", "10.1234/none", "--json")
    assert (result.code, result.out) == (1, "")
    assert cli("assess", "10.1234/none", "--offline").code == 1


def test_bytes_that_contradict_the_published_digest_fail(cli, httpserver):
    content = hbb.archive({"README.md": README})
    path = f"/zenodo/api/records/7305227/files/{hbb.NAME}/content"
    httpserver.expect_request(path).respond_with_data(content[:-1] + b"!")
    hbb.serve(httpserver, content)
    result = cli("assess", hbb.DOI, "--json")
    assert verdicts(result.json)["A1-2"] == "fail"
    assert "not the published file" in result.err


def test_documents_beside_the_model_are_read_as_well_as_those_in_archives(cli, httpserver):
    loose = b"# Model\n\nThe data are 10.7483/OPENDATA.CMS.JGJX.MS7Q.\n"
    document = hbb.record(loose)
    document["files"][0] |= {
        "key": "README.md",
        "links": {"self": "https://zenodo.org/api/records/7305227/files/README.md/content"},
    }
    httpserver.expect_request("/zenodo/api/records/7305227").respond_with_json(document)
    httpserver.expect_request("/zenodo/api/records/7305227/files/README.md/content").respond_with_data(loose)
    hbb.serve(httpserver, b"")
    assert verdicts(cli("assess", hbb.DOI, "--json").json)["I2-1"] == "partial"


def test_a_file_that_only_a_token_opens_is_not_called_open(cli, httpserver, monkeypatch):
    content = hbb.archive({"README.md": README})
    path = f"/zenodo/api/records/7305227/files/{hbb.NAME}/content"

    def handle(request):
        return Response(content) if request.headers.get("Authorization") else Response(status=403)

    httpserver.expect_request(path).respond_with_handler(handle)
    hbb.serve(httpserver, content)
    monkeypatch.setenv("ZENODO_TOKEN", "secret-token")
    result = cli("assess", hbb.DOI, "--json")
    assert verdicts(result.json)["A1.1-2"] != "pass"
    assert "secret-token" not in result.out + result.err


@pytest.mark.engines(*ENGINES)
def test_the_history_shows_what_changed_the_newest_first(cli, services):
    assert cli("assess", hbb.DOI, "--history").out == ""
    first = cli("assess", hbb.DOI, "--offline", "--json").json
    online = cli("assess", hbb.DOI, "--json").json
    found = cli("assess", hbb.DOI, "--history", "--json").json
    digests = {item["evidence_digest"] for item in found}
    assert digests == {first["evidence_digest"], online["evidence_digest"]}
    assert {item["rubric"] for item in found} == {"fair-ai-models"}
    shown = cli("assess", hbb.DOI, "--history").out
    assert "(offline)" in shown
    assert online["evidence_digest"].removeprefix("sha256:")[:12] in shown
    (line,) = re.findall(r"(?m)^\S+ changed: (.*)", shown)
    before, after = verdicts(first), verdicts(online)
    changed = [number for number in after if after[number] != before[number]]
    for number in changed[:8]:
        assert f"{number} {before[number]} -> {after[number]}" in line
    assert line.endswith(f" and {len(changed) - 8} more")


def test_a_file_or_folder_of_this_machine_is_no_published_record(cli, httpserver, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "name").mkdir(parents=True)
    (tmp_path / "model.onnx").write_bytes(b"x")
    for name, what in (("org/name", "folder"), ("./org/name", "folder"), ("model.onnx", "file")):
        for words in ((name,), (name, "--history")):
            refused = cli("assess", *words)
            assert refused.code == 2
            told = f"{name} is a {what} here; assess reads published records, inspect describes a local file."
            assert told in refused.err
    assert httpserver.log == []


def test_the_run_of_the_model_is_announced_with_its_engines(cli, services):
    said = cli("assess", hbb.DOI).err
    assert re.search(r"(?m)^Running the model in onnx( and torch to compare them)?$", said)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_history_shows_all_that_matters_at_any_width(capsys, monkeypatch, width):
    from fairreg.cli.assess import batch
    from fairreg.registry import Assessment

    def made(version, at, overall, offline):
        letters = {"F": 0.11, "A": 0.22, "I": 1.0, "R": None}
        values = ("fair-ai-models", version, at, offline, overall, 0.91, letters, "abcdef0123456789" * 4)
        return Assessment("doi:10.1234/a", ("doi", "10.1234/a"), *values)

    monkeypatch.setenv("COLUMNS", str(width))
    made_at = ("2026-11-22T10:11:12+00:00", "2026-11-21T00:00:00+00:00", "2026-11-20T00:00:00+00:00")
    batch._history_table(
        (
            made("2.0", made_at[0], 0.7, offline=False),
            made("2.0", made_at[1], 0.5, offline=True),
            made("1.0", made_at[2], None, offline=False),
        )
    )
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "…" not in out
    for word in ("2026-11-22", "10:11:12", "(offline)", "fair-ai-models", "70 %", "+20.0"):
        assert word in out
    (newest,) = (line for line in out.splitlines() if "2026-11-22" in line)
    assert re.search(r"fair-ai-models +2\.0 +70 % +\+20\.0 +11 % +22 % +100 % +\? +91 %", newest)
    assert ("abcdef012345" in newest) == (width >= 100)


@pytest.mark.engines(*ENGINES)
def test_many_are_assessed_at_once_and_summed_up(cli):
    result = cli("assess", "--query", "jet tagging", "--limit", 3, "--offline", "--json")
    assert result.code == 0, result.err
    assert (result.json["assessed"], result.json["failures"]) == (3, [])
    assert set(result.json["by_source"]) == {"catalogue"}
    text = cli("assess", "--all", "--limit", 4, "--offline").out
    assert "4 assessed" in text
    assert "Most frequent failures" in text


def test_a_summary_of_many_says_over_how_many_a_mean_is_where_not_over_all(cli):
    text = cli("assess", "--all", "--limit", 20, "--offline").out
    assert re.search(r"\d % \(\d+\)", text)
    assert "In brackets: how many of the records have a number there." in text
    assert "In brackets" not in cli("assess", "--query", "Hbb", "--limit", 2, "--offline").out


def test_a_summary_of_many_names_the_lowest_scores_and_what_fails_by_its_title(cli, services):
    score = cli("assess", hbb.DOI, "--json").json["overall"]
    name, weakest = f"doi:{hbb.DOI}", f"{100 * score:.0f} %"
    text = cli("assess", "--query", "Hbb", "--limit", 40).out
    assert f"Lowest overall scores:\n{weakest:>7}  {name}\n" in text
    assert re.search(r"\n +1  F4-3 +Listed and cross-linked in a model registry\n", text)


def test_a_run_of_many_of_which_some_fail_ends_with_1(cli, services, tmp_path):
    name = "huggingface:nobody/nothing"
    own = {"scheme": "huggingface", "value": "nobody/nothing"}
    document = {"identifier": name, "kind": "model", "name": "Hbb zyzzyva", "identifiers": [own]}
    said = {"source": "huggingface", "source_id": "nobody/nothing"}
    file = tmp_path / "lost.json"
    file.write_text(json.dumps(document | {"provenance": said}), "utf-8")
    cli("add", file)
    result = cli("assess", "--query", "Hbb", "--limit", 40, "--json")
    assert result.code == 1
    assert name in {item["id"] for item in result.json["failures"]}
    assert result.json["assessed"] > 0


@pytest.mark.engines(*ENGINES)
def test_search_shows_only_what_scores_enough(cli, services):
    score = cli("assess", hbb.DOI, "--json").json["overall"]
    words = ("search", "interaction network", "--limit", 100, "--json")
    assert len(cli(*words).json["results"]) > 1
    (found,) = cli(*words, "--min-fair", score).json["results"]
    assert found["fair_score"] == score
    assert cli(*words, "--min-fair", score + 1e-6).json["results"] == []


def test_a_threshold_that_leaves_little_says_what_matches_without_it_and_how_to_score_the_rest(cli, services):
    score = cli("assess", hbb.DOI, "--json").json["overall"]
    words = ("search", "interaction network", "--limit", 100)
    total = len(cli(*words, "--json").json["results"])
    kept, none = cli(*words, "--min-fair", score), cli(*words, "--min-fair", 1)
    for found in (kept, none):
        assert f"Without --min-fair {total} entries match, of which 1 has an overall score." in found.err
        assert "fairreg assess --query 'interaction network'" in found.err
    assert "No entry has the FAIR score that --min-fair asks for." in none.err
    assert "Try fewer or other words" not in none.err
    assert "Without --min-fair" not in cli(*words).err
    nothing = cli("search", "zzzqqqxxx", "--min-fair", 0.5).err
    assert "Try fewer or other words" in nothing
    assert "Without --min-fair" not in nothing


def test_what_was_seen_too_little_of_is_no_hit_of_a_score(cli):
    rows = cli("assess", "--query", "jet tagging", "--offline", "--json").json["rows"]
    assert {row["overall"] for row in rows} == {None}
    assert all(row["interval"][0] < row["interval"][1] for row in rows)
    assert cli("search", "jet tagging", "--min-fair", 0, "--json").json["results"] == []


def test_without_an_overall_score_no_threshold_is_met(cli, httpserver, tmp_path):
    badge = tmp_path / "badge.svg"
    result = cli("assess", hbb.DOI, "--offline", "--min-score", 0, "--badge", badge)
    assert result.code == 5
    told = " ".join(result.out.split())
    why = (
        "nothing of the published record was read; fairreg gives a number only where at least 80 % of each "
        "letter is known"
    )
    assert f"No overall score: {why}. Assess again without --offline." in told
    refused = rf"There is no overall score to compare with 0: {why}\. It lies between \d+ and \d+ %\."
    assert re.search(refused, " ".join(result.err.split()))
    assert "Assess again without --offline." in result.err
    assert "%" not in badge.read_text().split("<title>")[1].split("</title>")[0]
    assert re.search(
        r"(?m)^I  \.+ +\? +\d+-\d+ % +coverage +\d+ % +not enough evidence: \d+ of \d+", result.out
    )


def test_an_upgrade_scores_stored_evidence_again_and_the_history_shows_both(cli, services, settings):
    cli("assess", hbb.DOI, "--json")
    with Registry(settings=settings) as registry:
        with registry._database.writing() as connection:  # as 0.1.0 left it
            connection.exec_driver_sql("UPDATE assessments SET rubric_version = '1.0', overall = 0.99")
            connection.exec_driver_sql("UPDATE entries SET fair_score = 0.99")
        registry.upkeep.set_property("scoring_rules", "")
    found = cli("search", "interaction network", "--json")
    assert "older rubric" in found.err
    assert {row["fair_score"] for row in found.json["results"]} == {None}
    assert "scored again by the rubric of this release" in cli("db", "upgrade").err
    listed = cli("assess", hbb.DOI, "--history", "--json").json
    assert [item["rubric_version"] for item in listed] == ["2.0", "1.0"]
    assert listed[1]["overall"] == 0.99
    assert listed[0]["evidence_digest"] == listed[1]["evidence_digest"]
    shown = {row["fair_score"] for row in cli("search", "interaction network", "--json").json["results"]}
    assert listed[0]["overall"] in shown
    assert "scored again" not in cli("db", "upgrade").err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--all", "--query", "x"),
        (hbb.DOI, "--all"),
        ("--all", "--history"),
        ("--all", "--min-score", "0.5"),
        ("--all", "--since", "yesterday"),
        ("--all", "--since", "2026-13-45"),
        ("--query", ""),
        ("--query", " "),
        ("--query", "x", "--html", "a.html"),
        (hbb.DOI, "--since", "2026-01-01"),
        (hbb.DOI, "--limit", "2"),
        (hbb.DOI, "--history", "--min-score", "0.9"),
        (hbb.DOI, "--history", "--html", "a.html"),
        (hbb.DOI, "--force"),
        (hbb.DOI, "--min-score", "nan"),
        (hbb.DOI, "--html", "a", "--badge", "./a"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(cli, arguments):
    assert cli("assess", *arguments).code == 2


def test_nan_is_no_threshold_of_a_search(cli):
    for option in ("--min-fair", "--deadline"):
        result = cli("search", "jets", option, "nan")
        assert result.code == 2
        assert "nan" in result.err


@pytest.mark.parametrize("command", [("assess", hbb.DOI, "--min-score"), ("search", "jets", "--min-fair")])
def test_a_percentage_is_no_score_and_the_message_says_how_it_is_written(cli, command):
    assert "write 0.7 for 70 %" in cli(*command, "70").err
    for other in ("-0.1", "101", "nan"):
        result = cli(*command, other)
        assert result.code == 2
        assert "write" not in result.err


def test_an_interval_stands_beside_a_score_only_where_it_says_more(capsys):
    from assessment.samples import HBB, replaced
    from fairreg.assessment.report import assess
    from fairreg.cli.assess.scorecard import print_report

    for found in (HBB, replaced(HBB, models=())):
        report = assess(found)
        print_report(report)
        lines = capsys.readouterr().out.splitlines()
        scores = {letter: (report.letters[letter], report.letter_intervals[letter]) for letter in "FAIR"}
        for start, (score, (low, high)) in {**scores, "overall": (report.overall, report.interval)}.items():
            (line,) = (line for line in lines if re.match(rf"{start} +([#.]+ +)?(\d+ %|\?) ", line))
            shown = line.split("coverage")[0]
            assert (f"{100 * (score or 0):.0f} %" in shown) == (score is not None)
            assert bool(re.search(r"\d-\d+ %", shown)) == (low < high)
            assert shown.count("%") == (score is not None) + (low < high)


def test_the_scorecard_names_its_evidence_and_shows_fairregs_additions_beside(cli, services):
    report = cli("assess", hbb.DOI, "--json").json
    out = cli("assess", hbb.DOI, "--offline").out
    assert report["evidence_digest"] in out
    assert "with fairreg:" in out
    assert report["with_fairreg"]["overall"] > report["overall"]


@pytest.mark.parametrize(
    ("covered", "said"),
    [(0.266, "26 %"), (0.29, "29 %"), (0.799, "79 %"), (0.8, "80 %"), (1.0, "100 %")],
)
def test_one_coverage_is_one_number_wherever_it_is_printed(capsys, covered, said):
    from msgspec.structs import replace

    from assessment.samples import HBB
    from fairreg.assessment.report import assess, coverage_text
    from fairreg.cli.assess.scorecard import print_report

    assert coverage_text(covered) == said
    report = assess(replace(HBB, downloaded=False, files=(), documents=(), models=()))
    print_report(report)
    shown = coverage_text(report.coverage)
    out = capsys.readouterr().out
    assert f"coverage {shown}" in out
    for letter in "FAIR":
        assert re.search(rf"(?m)^{letter} .* coverage +{coverage_text(report.letter_coverage[letter])}", out)
