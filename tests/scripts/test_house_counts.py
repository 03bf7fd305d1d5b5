# SPDX-License-Identifier: MIT
import json

import house_counts
import pytest
from house_counts import PACKAGE, Services

from fairreg import harvesters, sources

KNOWN = Services(frozenset({"zenodo", "github"}), frozenset({"zenodo.org", "github.com", "api.github.com"}))


@pytest.fixture
def counted(tmp_path):
    def count(**files):
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__in__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return house_counts.counted(tmp_path, KNOWN)

    return count


@pytest.fixture(scope="module")
def modules():
    return house_counts.parsed(PACKAGE)


@pytest.fixture(scope="module")
def package(modules):
    return house_counts.counted_in(modules, Services.of_package())


def found(counts):
    return [place.found for place in counts.service_words]


def test_a_folder_holds_fifteen_modules_beside_its_init(counted):
    names = [f"room__in__m{number}" for number in range(15)]
    assert counted(**dict.fromkeys([*names, "room__in____init__"], "")).full_folders == []
    assert counted(room__in__m15="").full_folders == ["room/: 16 modules"]


def test_plugins_fill_no_folder_but_their_shared_modules_do(counted):
    plugins = {f"harvesters__in__h{number}": "HARVESTER = 1\n" for number in range(20)}
    assert counted(**plugins, harvesters__in__base="").largest_folder == 1
    shared = {f"harvesters__in__s{number}": "" for number in range(15)}
    assert counted(**shared).full_folders == ["harvesters/: 16 modules"]


def test_an_indicator_is_known_by_its_decorator(counted):
    text = "@indicator('F1-1')\ndef unique(evidence): ...\n"
    indicators = {f"assessment__in__indicators__in__f{number}": text for number in range(16)}
    assert counted(**indicators).largest_folder == 0


@pytest.mark.parametrize(
    "opening",
    [
        "What the source said.",
        "Whether it is one.",
        "Those that say what they said.",
        "How it is made.",
        "Where files lie.",
        "Which of them.",
        "Who may.",
        "The one that counts.",
        "All that is known.",
    ],
)
def test_relative_clauses_are_found(counted, opening):
    assert house_counts.is_relative(opening)
    counts = counted(a=f'def f():\n    """{opening}"""\n')
    assert counts.relative == [("a.py", 2, opening)]
    assert counts.broken() == [f"a.py:2: docstring {opening!r}"]


@pytest.mark.parametrize(
    "opening",
    [
        "Return what the source said.",
        "The rule in words.",
        "All drafts for one model.",
        "One row of the rubric.",
        "Whole lines of a file.",
        "Allocate thatch.",
    ],
)
def test_verbs_and_noun_phrases_are_no_clauses(opening):
    assert not house_counts.is_relative(opening)


def test_a_share_of_relative_docstrings_below_the_limit_breaks_nothing(counted):
    plain = '"""Plain."""\n' + "".join(f'def f{number}():\n    """Do."""\n' for number in range(60))
    counts = counted(a=plain + 'def g():\n    """What it does."""\n')
    assert len(counts.relative) == 1
    assert counts.broken() == []


def test_public_classes_defined_twice_are_found_and_private_ones_free(counted):
    counts = counted(
        a="class Page: ...\nclass _Run: ...\nclass Once: ...\n",
        b="import c\n\nclass Page: ...\nclass _Run: ...\n",
    )
    assert counts.repeated_classes == [("a.py", 1, "Page"), ("b.py", 3, "Page")]


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("x == 'zenodo'", "comparison 'zenodo'"),
        ("x in {'zenodo', other}", "comparison 'zenodo'"),
        ("x in ('a', 'github')", "comparison 'github'"),
        ("T = {'github': 1}", "table key 'github'"),
        ("T = {1: 'github'}", "table value 'github'"),
        ("T = frozenset({'github'})", "collection 'github'"),
        ("T = ('github', 1)", "collection 'github'"),
        ("T = ['github']", "collection 'github'"),
        ("match x:\n    case 'zenodo': pass", "case 'zenodo'"),
        ("f('zenodo')", "argument 'zenodo'"),
        ("f(x='zenodo')", "argument 'zenodo'"),
        ("f('github:')", "argument 'github:'"),
        ("def f(x='zenodo'): ...", "default 'zenodo'"),
        ("T['zenodo']", "lookup 'zenodo'"),
        ("NAME = 'zenodo'", "constant 'zenodo'"),
        ("f('https://zenodo.org/records/1')", "argument 'https://zenodo.org/records/1'"),
        ("f('https://about.zenodo.org/')", "argument 'https://about.zenodo.org/'"),
        ("x = f'https://github.com/{name}'", "constant 'https://github.com/{}'"),
        ("x = b'https://github.com'", "constant 'https://github.com'"),
        (r"x = re.compile(r'zenodo\.org/(\d+)')", r"argument 'zenodo\\.org/(\\d+)'"),
        ("x == 'github.com with a DOI'", "comparison 'github.com with a DOI'"),
    ],
)
def test_service_names_and_hosts_are_found(counted, code, place):
    counts = counted(a=code + "\n")
    assert found(counts) == [place]
    assert counts.broken() == [f"a.py:{counts.service_words[0].line}: {place}"]


@pytest.mark.parametrize(
    "code",
    [
        '"""zenodo"""',
        'def f():\n    """github"""',
        "class A:\n    x: int\n    'zenodo'",
        "f(help='Files of zenodo.org and github.com.')",
        "raise E(f'{x} is not at https://zenodo.org.')",
        "# zenodo, https://zenodo.org",
        "zenodo = github(x)",
        "x == 'Zenodo'",
        "f('10.5281/zenodo.1')",
        "f('https://zenodo.organic.example/')",
        "f('https://my-github.com/')",
        "f('https://xzenodo.org')",
        "f('https://github.common.example')",
    ],
)
def test_prose_names_of_variables_and_other_hosts_are_free(counted, code):
    assert found(counted(a=code + "\n")) == []


def test_the_rooms_of_the_services_are_free(counted):
    rooms = ("harvesters", "formats", "publish", "migrations")
    files = {f"{room}__in__x": "X = 'zenodo'\n" for room in rooms}
    assert found(counted(**files, sources="X = 'zenodo'\n")) == []


def test_an_exemption_for_one_word_frees_no_other(tmp_path):
    (tmp_path / "schemas" / "contexts").mkdir(parents=True)
    lines = "X = 'https://doi.org/10.5063/x'\nY = 'https://zenodo.org'\n"
    (tmp_path / "schemas" / "contexts" / "a.py").write_text(lines, encoding="utf-8")
    known = Services(frozenset(), frozenset({"doi.org", "zenodo.org"}))
    assert found(house_counts.counted(tmp_path, known)) == ["constant 'https://zenodo.org'"]


def test_every_exemption_is_needed(monkeypatch, modules):
    exempt = house_counts.EXEMPT
    monkeypatch.setattr(house_counts, "EXEMPT", ())
    places = list(house_counts.service_words(modules, Services.of_package()))
    idle = [
        free
        for free in exempt
        if not any(place.file.startswith(free.where) and free.text in place.found for place in places)
    ]
    rooms = {"sources.py", "publish/", "migrations/"}  # the acceptance names them, filled or not
    assert {free.where for free in idle} <= rooms


def test_the_names_are_those_of_the_services_and_of_the_sources():
    services = Services.of_package()
    assert set(harvesters.names()) <= services.names
    assert {row.name for row in sources.all_sources() if row.url} - {"doi"} <= services.names
    assert {"zenodo.org", "hf.co", "raw.githubusercontent.com", "doi.org"} <= services.hosts


def test_lengths_leave_docstrings_out(counted):
    body = "    x = 1\n" * 60
    counts = counted(
        a=f'def f():\n    """Do.\n\n    More.\n    """\n{body}\ndef g():\n{body}    y = 1\n' + "#\n" * 300
    )
    assert [place.found for place in counts.long_functions] == ["f, 61 lines", "g, 62 lines"]
    assert [place.file for place in counts.long_modules] == ["a.py"]
    assert counts.median_function == 61.5


def test_the_command_prints_places_and_exits_with_one(tmp_path, capsys):
    (tmp_path / "a.py").write_text("X = 'zenodo'\n", encoding="utf-8")
    assert house_counts.main([str(tmp_path)]) == 0
    assert "service names and hosts outside their rooms         1  0" in capsys.readouterr().out
    assert house_counts.main([str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().out == "a.py:1: constant 'zenodo'\n"
    assert house_counts.main([str(tmp_path), "--check", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert document["service_words"] == {"count": 1, "limit": 0, "places": ["a.py:1: constant 'zenodo'"]}


def test_a_clean_package_passes(tmp_path, capsys):
    (tmp_path / "a.py").write_text('"""Sums."""\n', encoding="utf-8")
    assert house_counts.main([str(tmp_path), "--check"]) == 0
    assert "relative docstrings, of 1" in capsys.readouterr().out


def test_no_folder_of_the_package_is_full(package):
    assert package.full_folders == []


def test_docstrings_of_the_package_open_with_verbs_and_nouns(package):
    assert package.relative_share < house_counts.RELATIVE_SHARE, "\n".join(map(str, package.relative))


def test_class_names_of_the_package_are_unique(package):
    assert package.repeated_classes == []


def test_services_are_named_in_their_rooms_only(package):
    assert package.service_words == []
