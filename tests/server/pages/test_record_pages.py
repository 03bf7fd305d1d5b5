# SPDX-License-Identifier: MIT
"""Pages of a record, its scorecard and its surroundings; of sources, help and errors."""

import re

import pytest
import requests

from fairreg.registry import Registry
from fairreg.server.pages.frame import framed
from fairreg.server.site import Site
from fairreg.settings import Settings
from support.served_site import BARE_MODEL, HOSTILE, MODEL, OLDER, REFERENCE, SAMPLE, WITHDRAWN

pytestmark = pytest.mark.engines("sqlite")


def commands(soup):
    return [item.code.get_text() for item in soup.select("#use .command")]


def glance(soup):
    terms = soup.select(".at-a-glance dt")
    return {item.get_text(): item.find_next_sibling("dd").get_text(" ", strip=True) for item in terms}


def said(soup):
    rows = soup.select(".says tbody tr")
    return {
        row.th.get_text(): [cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in rows
    }


def test_a_record_says_how_to_run_it_in_one_line_only_where_it_can_run(page):
    assert commands(page(f"/records/{MODEL}")) == [
        "fairreg fetch 10.5281/zenodo.7305227 --run",
        "fairreg fetch 10.5281/zenodo.7305227",
    ]
    assert commands(page(f"/records/{REFERENCE}"))[0] == f"fairreg fetch {REFERENCE} --run"
    assert not [line for line in commands(page(f"/records/{SAMPLE}")) if "--run" in line]
    assert commands(page(f"/records/{WITHDRAWN}", 410)) == []


def told(soup):
    return [item.find_next_sibling("p").get_text() for item in soup.select("#use .command")]


def test_a_command_promises_what_the_record_bears_out(page):
    running, fetching = told(page(f"/records/{MODEL}"))
    assert running == (
        "The record names a format that runs here, ONNX, but lists no such file: the command looks into what "
        "the host gives out. Not tried yet."
    )
    assert fetching == "Downloads the files and compares them with their published checksums."
    assert told(page(f"/records/{REFERENCE}"))[0] == (
        "These weights are a part of fairreg, which builds their network."
    )
    soup = page("/records/catalogue:cms-particlenetak8-general-v01")
    assert soup.select_one("#files .missing")
    assert told(soup)[1] == (
        "Downloads the files. The record has no checksums: they are compared where their host states some."
    )


def test_facts_and_results_say_the_same_of_running(page):
    for pid in (MODEL, REFERENCE, BARE_MODEL, "catalogue:cms-upart-ak4"):
        card = page(f"/search?q={pid}").select_one(".card")
        fact = next(item for item in card.select(".facts-line > div") if item.dt.get_text() == "Runs here")
        assert glance(page(f"/records/{pid}"))["Runs here"] == fact.dd.get_text()


def test_a_command_names_the_folder_of_a_model_that_shares_its_repository(page):
    assert commands(page("/records/catalogue:cms-particlenetak8-general-v01")) == [
        "fairreg fetch catalogue:cms-particlenetak8-general-v01 --file 'ParticleNetAK8/General/V01/*' --run",
        "fairreg fetch catalogue:cms-particlenetak8-general-v01 --file 'ParticleNetAK8/General/V01/*'",
    ]


def test_commands_lead_to_the_way_to_get_the_program(page):
    link = page(f"/records/{MODEL}").select_one("#use a")
    path, _, place = link["href"].partition("#")
    found = page(path).find(id=place)
    assert found.find_next("code").get_text() == "pip install ."
    assert not page(f"/records/{WITHDRAWN}", 410).select("#use")


def test_a_citation_speaks_of_papers_only_where_one_describes_the_model(page):
    details = page(f"/records/{REFERENCE}").select("#cite details")
    folded = {item.summary.get_text(): item.get_text() for item in details}
    assert "With its training data" in folded
    assert "names no" not in "".join(folded.values())
    model = page(f"/records/{MODEL}").select("#cite summary")
    assert "With its training data and papers" in {item.get_text() for item in model}


def test_what_is_cut_under_who_says_so_opens_to_the_whole(page):
    rows = page(f"/records/{MODEL}").select(".says tbody tr")
    cell = next(item for item in rows if item.th.string == "Notes").find("details")
    begun = cell.summary.get_text()
    assert begun.endswith(" follows from its…")
    assert cell.get_text().removeprefix(begun).startswith("… number and is not stated. The DLHub record")
    assert cell.get_text().endswith("(32 .pth, 1 .onnx).")


def test_a_record_says_what_it_is_and_where(page):
    found = glance(page(f"/records/{MODEL}"))
    assert found["DOI"] == "10.5281/zenodo.7305227"
    assert (found["Licence"], found["Access"], found["Where"]) == ("MIT", "open", "zenodo.org")
    assert "76 %" in found["FAIR"]
    assert glance(page(f"/records/{BARE_MODEL}"))["Licence"] == "not stated"


def test_sources_that_disagree_are_both_shown(page):
    found = said(page(f"/records/{MODEL}"))
    value, by = found["Name"]
    assert value == "Hbb Interaction Network (FAIR4HEP) Zenodo: FAIR4HEP/hbb_interaction_network: v0.1.1"
    assert by == "Packaged catalogue"
    assert found["Licence"] == ["MIT", "Packaged catalogue, Zenodo"]
    assert "inferred" in found["Description"][1]


def test_files_come_with_their_digests_and_the_rest_is_folded(page):
    file = page(f"/records/{MODEL}").select_one(".files tbody tr")
    assert file.th.a["href"].startswith("https://")
    assert file.select_one(".digest").get_text().startswith("md5:")
    soup = page(f"/records/{HOSTILE}")
    assert len(soup.select("#files > .wide tbody tr")) == 60
    assert len(soup.select("#files details tbody tr")) == 10
    assert not soup.select(".files a")


def test_packaged_files_are_offered_by_this_server(page, fetched):
    link = page(f"/records/{REFERENCE}").select_one(".files a")
    assert fetched(link["href"]).status_code == 200


def test_inputs_are_listed_with_their_features_and_units(page):
    table = page(f"/records/{REFERENCE}").select_one("#interface table")
    assert [cell.get_text() for cell in table.tbody.tr.find_all("td")[:2]] == ["float32", "N × 30 × 60"]
    assert "rad" in table.find("ol").get_text()


def test_a_dataset_names_the_models_that_were_trained_on_it(page):
    soup = page(f"/records/{SAMPLE}")
    link = next(item for item in soup.select(".at-a-glance a") if "trained_on" in item["href"])
    assert link.get_text() == "2 models"
    listed = {item["href"] for item in page(link["href"]).select(".cards h3 a")}
    assert f"/records/{MODEL}" in listed


def test_every_format_is_a_link_that_answers(page, fetched):
    links = page(f"/records/{MODEL}").select("#formats .formats a")
    assert {"bibtex", "jsonld", "turtle", "schema-org"} <= {item.get_text() for item in links}
    assert {fetched(item["href"]).status_code for item in links} == {200}


def test_a_record_of_an_older_version_leads_to_the_newer(page):
    around = page(f"/records/{OLDER}").select_one("#around")
    assert around.find("a", href=f"/records/{MODEL}")


def test_the_drawing_shows_what_the_lists_name(page):
    soup = page(f"/records/{MODEL}/related")
    drawn = {item.title.get_text().rpartition(": ")[0] for item in soup.select("svg .node")}
    listed = {item.get_text() for item in soup.select(".around-lists li strong, .around-lists li a")}
    assert drawn == listed
    assert {item.get_text() for item in soup.select("svg .group-title")} == {
        item.get_text() for item in soup.select(".around-lists h2")
    }
    assert {item["href"] for item in soup.select("svg a")} <= {item["href"] for item in soup.select("li a")}


def test_boxes_of_the_drawing_do_not_overlap(page):
    boxes = [
        tuple(float(item[name]) for name in ("x", "y", "width", "height"))
        for item in page(f"/records/{MODEL}/related").select("svg .box")
    ]
    assert len(boxes) > 3
    for one, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, *_ in boxes[one + 1 :]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height


def test_the_scorecard_says_what_to_do_first(page):
    soup = page(f"/records/{MODEL}/assessment")
    assert soup.find(id="first").h2.get_text() == "Do these five first"
    assert len(soup.select(".steps li")) == 5
    assert soup.select_one("svg[role=img]")["aria-label"].startswith("Scores by letter: F 80 %")


def test_what_was_not_assessed_says_how_it_is(page):
    soup = page(f"/records/{BARE_MODEL}/assessment", 404)
    assert soup.select_one(".command code").get_text() == "fairreg assess 10.5281/zenodo.3891869"


def test_a_withdrawn_record_says_so(page):
    soup = page(f"/records/{WITHDRAWN}", 410)
    assert "withdrawn by its source: spam" in soup.select_one(".warning").get_text()
    assert page("/search?q=Withdrawn+tagger").select_one(".card .warning")


def test_a_source_says_what_is_here_and_under_which_terms(page):
    row = next(row for row in page("/sources").select("tbody tr") if row.th.a.get_text() == "Zenodo")
    assert row.td.get_text() == "4"
    soup = page(row.th.a["href"])
    terms = {
        item.get_text(): item.find_next_sibling("dd").get_text(" ", strip=True) for item in soup.select("dt")
    }
    assert terms["Records here"] == "4"
    assert terms["Terms of its metadata"]
    assert soup.find("a", href="/search?source=zenodo")


def test_a_source_without_a_page_of_terms_names_its_licence(page):
    text = page("/sources/catalogue").main.get_text()
    assert "MIT" in text
    assert "where to look for them" not in text


def test_a_number_of_one_has_the_singular(page):
    assert page(f"/records/{REFERENCE}").select_one("#formats summary").get_text() == "1 identifier"


def test_a_source_that_is_not_there_is_named(page):
    assert "There is no source" in page("/sources/nowhere", 404).main.get_text()


def test_help_names_only_addresses_that_answer(page, fetched):
    links = page("/help").select("main a[href]")
    assert len(links) > 4
    assert {fetched(item["href"]).status_code for item in links} == {200}


def test_a_missing_record_suggests_others_to_people_and_is_a_problem_for_programs(page, site_url):
    soup = page("/records/hbb.tagger", 404)
    assert f"/records/{MODEL}" in {item["href"] for item in soup.select("main li a")}
    plain = requests.get(f"{site_url}/records/hbb.tagger", timeout=60)
    assert plain.headers["content-type"] == "application/problem+json"
    as_json = requests.get(
        f"{site_url}/search?year=never&format=json", headers={"Accept": "text/html"}, timeout=60
    )
    assert (as_json.status_code, as_json.headers["content-type"]) == (400, "application/problem+json")


def test_a_format_that_there_is_not_lists_those_that_there_are(fetched):
    answer = fetched(f"/records/{MODEL}", headers={"Accept": "text/html;q=0"})
    assert answer.status_code in {200, 406}
    wrong = fetched("/search?year=never")
    assert wrong.status_code == 400
    assert "never" in wrong.text


def test_a_fault_of_the_server_is_a_page_that_tells_nothing_else(page, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("secret of the machine")

    monkeypatch.setattr(Registry, "search", broken)
    soup = page("/", 500)
    assert "This is a fault of the server" in soup.get_text()
    assert "secret" not in str(soup)
    assert "secret" in caplog.text


def test_links_hold_below_a_path_of_a_proxy():
    site = Site(Settings.from_environment(), "https://models.example/registry")
    text = framed(site, "error.html", title="x", status=404, detail="", hint="", similar=(), available=())
    links = re.findall(r'(?:href|src|action)="([^"#]+)"', text)
    assert len(links) > 6
    assert all(link.startswith("/registry/") for link in links)


def test_files_of_the_site_are_kept_by_browsers_and_bring_their_licences(page, fetched):
    soup = page("/")
    addresses = [item["src"] for item in soup.find_all("script", src=True)]
    addresses += [item["href"] for item in soup.find_all("link", rel=["stylesheet", "icon"])]
    for address in addresses:
        answer = fetched(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    style = fetched("/static/site.css").text
    assert "@import" not in style
    assert not re.search(r"url\((?!\"?data:)", style)
    assert "Copyright (c) 2019-2024 Pico" in fetched("/static/pico.LICENSE").text
    assert "Zero-Clause BSD" in fetched("/static/htmx.LICENSE").text
    assert fetched("/static/../frame.py").status_code == fetched("/static/frame.py").status_code == 404


def test_the_terms_of_tasks_stand_beside_the_words_of_the_source(page):
    soup = page(f"/records/{MODEL}")
    assert soup.find("a", string="jet tagging: boosted H→bb vs QCD")
    assert soup.find("a", string="higgs-tagging")["href"] == "/search?task=higgs-tagging"
