# SPDX-License-Identifier: MIT
"""The page of a search: counts that are true, conditions that are kept, pages that fit together."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.examples import examples
from support.served_site import MODEL, REFERENCE

pytestmark = pytest.mark.engines("sqlite")


def total(soup):
    return int(re.match(r"\d+", soup.find(id="count").get_text(strip=True))[0])


def names(soup):
    return [item.a.get_text() for item in soup.select(".cards h3")]


def values(soup, title):
    section = next(item for item in soup.select(".filters section") if item.h2.string == title)
    return {item.span.get_text(): item for item in section.find_all("a")}


def count_of(link):
    return int(link.find(class_="count").get_text())


def facts(card):
    return {item.dt.get_text(): item.dd.get_text() for item in card.select(".facts-line > div")}


def test_a_result_says_first_what_a_physicist_needs(page):
    card = page("/search?q=10.5281/zenodo.7305227").select_one(".card")
    assert card.h3.a["href"] == f"/records/{MODEL}"
    assert facts(card) == {
        "Task": "jet tagging: boosted H→bb vs QCD",
        "Data": "CMS H→bb tagging sample (HiggsToBBNTuple)",
        "Licence": "MIT",
        "Runs here": "may run: ONNX",
        "Where": "zenodo.org",
    }
    assert "Duarte" in card.select_one(".people").get_text()
    assert "2022 · v0.1.1 · 2 versions" in card.select_one(".eyebrow").get_text()
    assert card.svg["aria-label"].startswith("FAIR 76 %: Findable 80 %, Accessible 91 %")


def test_a_fact_that_nobody_states_is_said_to_be_missing(page):
    card = page("/search?q=10.5281/zenodo.3891869").select_one(".card")
    assert facts(card)["Licence"] == "not stated"
    assert card.select_one(".score").get_text(strip=True) == "not assessed"


def test_the_numbers_beside_a_search_are_those_of_its_results(page):
    soup = page("/search?q=tagging")
    for title in ("Kind", "Licence", "Year", "Author", "Source", "Runs here", "Task", "Framework"):
        for link in list(values(soup, title).values())[:2]:
            assert total(page(link["href"])) == count_of(link), link


def test_a_chosen_value_can_be_removed_and_its_alternatives_stay(page):
    soup = page("/search?q=Hbb&kind=model")
    kinds = values(soup, "Kind")
    assert kinds["Models"]["aria-current"] == "true"
    assert count_of(kinds["Datasets"]) > 0
    both = page(kinds["Datasets"]["href"])
    assert total(both) == count_of(kinds["Models"]) + count_of(kinds["Datasets"])
    assert total(page(kinds["Models"]["href"])) == total(page("/search?q=Hbb"))
    assert [item.get_text() for item in soup.select(".chosen-list a")] == ["Remove Kind: Models ×"]


def test_the_form_keeps_what_it_has_no_field_for(page):
    soup = page("/search?q=Hbb&kind=model&license=MIT&year=2020&year=2022")
    hidden = [(item["name"], item["value"]) for item in soup.select("input[type=hidden]")]
    assert hidden == [("kind", "model"), ("license", "MIT"), ("year", "2020"), ("year", "2022")]
    assert soup.find(id="words")["value"] == "Hbb"
    assert soup.find(id="year")["value"] == ""


def test_the_address_of_a_form_loses_its_empty_fields(fetched):
    answer = fetched("/search?q=Hbb&author=&year=&min_fair=&sort=", allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/search?q=Hbb")
    live = fetched("/search?q=Hbb&author=", allow_redirects=False, headers={"HX-Request": "true"})
    assert (live.status_code, live.headers["hx-push-url"]) == (200, "/search?q=Hbb")


def test_pages_list_every_result_once(page):
    seen, address = [], "/search?q=jet&limit=10"
    while address:
        soup = page(address)
        seen += [item["href"] for item in soup.select(".cards h3 a")]
        assert (
            soup.select_one(".paging [aria-current]")
            .get_text()
            .endswith(str(len(seen) // 10 + (len(seen) % 10 > 0)))
        )
        following = soup.find("a", rel="next")
        address = following and following["href"]
    assert len(seen) == len(set(seen)) == total(soup)


@pytest.mark.parametrize("sort", ["year", "fair", "name"])
def test_results_come_in_the_order_that_is_asked_for(page, sort):
    soup = page(f"/search?q=tagger&sort={sort}&limit=100")
    assert soup.find(id="sort").find("option", selected=True)["value"] == sort
    if sort == "name":
        assert names(soup) == sorted(names(soup), key=str.casefold)
    elif sort == "fair":
        assert names(soup)[0] == "Hbb Interaction Network (FAIR4HEP)"
    else:
        years = [
            int(found[0])
            for item in soup.select(".card .eyebrow")
            if (found := re.search(r"\d{4}", item.get_text()))
        ]
        assert years == sorted(years, reverse=True)


def test_filters_of_author_year_and_score(page):
    assert names(page("/search?author=Duarte&year=2022&min_fair=0.5")) == [
        "Hbb Interaction Network (FAIR4HEP)"
    ]
    assert total(page("/search?min_fair=0.75")) == 1


def test_corrected_words_are_told(page):
    assert "particlnet" in page("/search?q=particlnet").select_one(".note").get_text()


def test_nothing_found_says_what_to_do(page):
    alone = page("/search?q=nothingofthiskind").select_one(".nothing")
    assert "Try fewer or other words" in alone.get_text()
    narrowed = page("/search?q=nothingofthiskind&kind=model")
    assert "Remove one of those above" in narrowed.select_one(".nothing").get_text()
    assert narrowed.select(".chosen-list a")


def test_a_page_behind_the_last_leads_back(page):
    soup = page("/search?q=jet&offset=5000")
    assert soup.select_one(".nothing").get_text(strip=True) == "The results end before this page."
    assert names(page(soup.find("a", rel="prev")["href"]))


def test_programs_get_json(fetched):
    for options in ({"params": {"format": "json"}}, {"headers": {"Accept": "application/json"}}):
        answer = fetched("/search?q=Hbb", **options)
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["results"]


def test_what_fairreg_contains_is_said_to_run(page):
    card = page(f"/search?q={REFERENCE}").select_one(".card")
    assert facts(card)["Runs here"] == "runs"


def test_all_that_the_filter_for_running_finds_says_so_and_nothing_else_does(page):
    chosen = values(page("/search?kind=model"), "Runs here")["runs or may run"]
    address, found = chosen["href"] + "&limit=100", {}
    soup = page(address)
    for card in soup.select(".card"):
        found[card.h3.a["href"]] = facts(card)["Runs here"]
        assert card.select_one(".runs").get_text() == found[card.h3.a["href"]]
    assert len(found) == count_of(chosen)
    assert all(words == "runs" or words.startswith("may run: ") for words in found.values())
    assert not [words for words in found.values() if "access" in words]
    for card in page("/search?kind=model&limit=100").select(".card"):
        words, is_found = facts(card)["Runs here"], card.h3.a["href"] in found
        assert is_found == ((words == "runs" or words.startswith("may run: ")) and "access" not in words)
    closed = page("/search?q=CMS+UParT+AK4").select_one(".card")
    assert facts(closed)["Runs here"] == "may run: ONNX, but its access is not stated"


def test_only_what_runs_can_be_asked_for_beside_the_words(page):
    box = page("/search?q=tagger").select_one("#search input[type=checkbox]")
    assert (box["name"], box["value"], box.get("checked")) == ("runnable", "true", None)
    chosen = page("/search?q=tagger&runnable=true")
    assert chosen.select_one("#search input[type=checkbox]").has_attr("checked")
    assert not chosen.select("input[type=hidden]")
    assert total(chosen) < total(page("/search?q=tagger"))
    other = page("/search?q=tagger&runnable=false")
    assert not other.select_one("#search input[type=checkbox]").has_attr("checked")
    assert [item["value"] for item in other.select("input[type=hidden]")] == ["false"]


def test_a_link_behind_the_words_leads_past_the_filters(page):
    soup = page("/search?q=tagger")
    link = next(item for item in soup.select("a.skip") if item.string == "To the results")
    assert soup.find(id=link["href"].removeprefix("#")).select(".cards")
    assert link.find_previous("form")["id"] == "search"
    assert soup.select_one(".filters").find_previous("a", class_="skip") == link


def test_on_paper_a_search_says_what_was_searched_for(page):
    assert page("/search?q=tagger").select_one(".on-paper").get_text() == "Searched for: tagger"
    assert page("/search?kind=model").select_one(".on-paper") is None


def test_a_record_that_is_known_by_its_doi_only_has_no_host(page):
    card = page("/search?q=10.7483/opendata.atlas.8ct0.8cwa").select_one(".card")
    assert facts(card)["Where"] == "where its DOI leads"
    assert "where its DOI leads" in page("/help").get_text()


any_text = st.text(max_size=30)


@given(
    q=any_text,
    name=st.sampled_from(["kind", "author", "year", "sort", "limit", "offset", "min_fair", "x"]),
    value=any_text,
)
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_is_a_fault_of_the_server(fetched, q, name, value):
    answer = fetched("/search", params=[("q", q), (name, value)])
    assert answer.status_code in {200, 400}
    assert answer.headers["content-type"].startswith("text/html")


def test_a_term_of_tasks_is_counted_by_what_its_link_finds(page):
    link = values(page("/search?q=tagging"), "Task")["jet tagging"]
    assert total(page(link["href"])) == count_of(link)


@pytest.mark.parametrize("asked", ["higgs-tagging", "Hbb%20tagging"])
def test_a_chosen_term_stands_once_among_the_values_however_it_is_spelled(page, asked):
    soup = page(f"/search?task={asked}")
    chosen = [item for name, item in values(soup, "Task").items() if name in {"higgs tagging", "Hbb tagging"}]
    (link,) = chosen
    assert total(page(link["href"])) > total(soup) == count_of(link) > 0
