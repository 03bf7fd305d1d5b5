# SPDX-License-Identifier: MIT
"""The rows of `fairreg.sources`: what they promise one another, and which rows of others are refused."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from fairreg import harvesters, plugins, sources
from fairreg.errors import PluginError
from fairreg.schemas.identifiers import IdentifierError, parse
from fairreg.settings import VARIABLES, Settings
from fairreg.source_row import _claims, admit
from fairreg.sources import (
    BUILT_IN,
    IdentifierScheme,
    MintedDois,
    Pace,
    PageAddress,
    PreservationPolicy,
    Source,
)

RUN = "import sys; from fairreg.cli.app import main; sys.argv[0] = 'fairreg'; main()"
SCHEME = IdentifierScheme(
    "physhub",
    r"(\w+/\w+)",
    prefixes=("physhub:",),
    pages=(PageAddress(("physhub.example",), r"models/(\w+/\w+)"),),
)
GOOD = Source(
    "physhub",
    "PhysHub",
    url="https://physhub.example",
    url_variable="PHYSHUB_URL",
    token_variable="PHYSHUB_TOKEN",
    schemes=(SCHEME,),
)


def with_scheme(**changes):
    return replace(GOOD, schemes=(replace(SCHEME, **changes),))


def with_dois(**fields):
    stated = {"prefix": "10.9999/physhub.", "scheme": GOOD.schemes[0].name, **fields}
    return replace(GOOD, dois=MintedDois(**stated))


POLICY = PreservationPolicy("keeps", "Kept.", "https://physhub.example/policy", "2026-11")
BAD = {
    "physhub.row:SOURCE": "it is 'str'",
    None: "it is 'NoneType'",
    replace(GOOD, name="zenodo"): "the name zenodo belongs to Zenodo",
    replace(GOOD, name="fairreg"): "the name fairreg is fairreg's own",
    replace(GOOD, name="files"): "the name files is fairreg's own",
    replace(GOOD, name="Phys Hub"): "'Phys Hub' is not a name",
    replace(GOOD, url="https://www.huggingface.co:443"): "the host huggingface.co belongs to Hugging Face",
    replace(GOOD, url="physhub.example"): "not the http(s) base URL",
    replace(GOOD, url_variable=None): "need each other",
    replace(GOOD, aliases=("dx.doi.org",)): "the host dx.doi.org belongs to doi.org",
    replace(GOOD, file_hosts=("raw.githubusercontent.com",)): "the host raw.githubusercontent.com belongs to",
    replace(GOOD, file_hosts="physhub.example"): "its file_hosts are not a tuple",
    replace(GOOD, token_variable="HF_TOKEN"): "the variable HF_TOKEN belongs to Hugging Face",
    replace(GOOD, url_variable="FAIRREG_HOME"): "'FAIRREG_HOME' is not a variable of its own",
    replace(GOOD, site="github.com"): "the host github.com belongs to GitHub",
    replace(GOOD, policy=POLICY): "a policy needs its host",
    replace(GOOD, role="registrar"): "the role 'registrar' is fairreg's own",
    with_scheme(name="doi"): "the identifier scheme doi belongs to doi.org",
    with_scheme(name="fingerprint"): "the identifier scheme fingerprint is fairreg's own",
    with_scheme(prefixes=("gh:",)): "the prefix gh: belongs to GitHub",
    with_scheme(
        prefixes=("git@github.com:physhub/",)
    ): "cannot be distinguished from git@github.com: of GitHub",
    with_scheme(prefixes=("https://physhub.example/",)): "is not a prefix",
    with_scheme(bare=True): "need a prefix or an address",
    with_scheme(stated_as=("orcid",)): "the word for a scheme orcid belongs to ORCID",
    with_scheme(value="("): "the pattern '(' is invalid",
    with_scheme(value=r"\w+"): "has no group",
    with_scheme(pages=(PageAddress(("arxiv.org",), "(.+)"),)): "the host arxiv.org belongs to arXiv",
    # Through the pages of DOIs, other spellings of a host, and one name twice.
    with_dois(pages=(PageAddress(("github.com",), "(.*)"),)): "the host github.com belongs to GitHub",
    with_dois(pages=(PageAddress(("physhub.example",), "("),)): "the pattern '(' is invalid",
    with_dois(scheme="github"): "which is not a scheme of its own",
    with_dois(prefix="10.5281/"): "cannot be distinguished from 10.5281/zenodo. of Zenodo",
    with_dois(prefix="10.5281/Zenodo."): "is not the beginning of a DOI in lower case",
    replace(GOOD, url="https://zenodo.org."): "the host zenodo.org belongs to Zenodo",
    with_scheme(pages=(PageAddress(("github.com:443",), "(.+)"),)): "is not a host in lower case",
    with_scheme(pages=(PageAddress(("physhub.example",), "(.+)", dropped=("[",)),)): "'[' is invalid",
    replace(GOOD, token_variable=GOOD.url_variable): "is stated twice",
    with_scheme(prefixes=("google/",)): "'google/' is not a prefix",
    with_scheme(prefixes=("ark:",)): "the prefix ark: is fairreg's own",
    with_scheme(stated_as=("DOI",)): "the word for a scheme doi belongs to doi.org",
    # Rows of wrong types.
    replace(GOOD, name=5): "its name is 5, which is not a text",
    replace(GOOD, url="https://[abc"): "a field has the wrong type",
    replace(GOOD, schemes=(None,)): "a field has the wrong type",
    replace(GOOD, rank="x"): "its rank is not a number",
    replace(GOOD, pace=Pace(0, 0, 0)): "at least one request per minute",
    replace(GOOD, served_by="nosuch"): "it refers to 'nosuch'",
    with_scheme(normal=None): "must be functions",
    with_scheme(value=b"(a)"): "its value is b'(a)', which is not a text",
    with_scheme(pages=PageAddress("physhub.example", "(.+)")): "a page must be a PageAddress",
}


def test_no_two_built_in_rows_claim_the_same():
    claims = [claim for row in BUILT_IN for claim in set(_claims(row))]
    assert [claim for claim in claims if claims.count(claim) > 1] == []


def test_every_harvester_has_a_row_and_asks_a_service_that_has_one():
    for harvester in harvesters.all_harvesters():
        assert harvester.title == sources.source_named(harvester.name).title
        assert harvester.service in {row.name for row in BUILT_IN}


def test_every_service_has_a_variable_a_pace_and_settings():
    asked = [row for row in BUILT_IN if row.url]
    assert [row.name for row in asked] == list(Settings.from_environment({}).services)
    for row in asked:
        assert row.pace is not None
        assert VARIABLES[row.url_variable].startswith("base URL of ")
        assert row.token_variable is None or VARIABLES[row.token_variable] == row.token_help


def test_rows_refer_to_rows():
    names = {row.name for row in BUILT_IN}
    assert {row.served_by or row.name for row in BUILT_IN} <= names
    assert {row.archived_by or row.name for row in BUILT_IN} <= names
    assert {row.dois.scheme for row in BUILT_IN if row.dois} <= {item.name for item in sources.schemes()}


def test_what_a_resolver_gives_is_read_back():
    values = {"doi": "10.1234/x", "orcid": "0000-0002-5076-7096", "arxiv": "2212.05081", "zenodo": "7305227"}
    values |= {"swhid": "swh:1:dir:" + "d" * 40, "github": "lab/code", "huggingface": "lab/model"}
    values |= {"short_doi": "10/gfvz2d", "isni": "0000000121032683", "ror": "01ggx4157"}
    values |= {"inspire": "1772050", "hepdata": "ins1772050", "cernopendata": "12102"}
    for scheme in sources.schemes():
        value = values.get(scheme.name, "models/lab")
        if scheme.resolver:
            assert parse(f"{scheme.resolver}{value}").value == value


def test_a_row_of_another_package_comes_after_the_built_in_ones():
    assert admit(BUILT_IN, GOOD, "physhub") == (*BUILT_IN, GOOD)
    other = replace(
        GOOD, name="chemhub", url=None, url_variable=None, token_variable="CHEMHUB_TOKEN", schemes=()
    )
    assert admit(BUILT_IN, (GOOD, other), "physhub")[-2:] == (GOOD, other)


@pytest.mark.parametrize(("row", "words"), BAD.items(), ids=BAD.values())
def test_a_row_that_is_none_or_takes_what_is_anothers_is_refused(row, words):
    with pytest.raises(PluginError) as caught:
        admit(BUILT_IN, row, "physhub")
    assert caught.value.message.startswith("The package physhub cannot add its source: ")
    assert words in caught.value.message
    assert "Uninstall physhub" in caught.value.hint


def test_two_packages_cannot_add_the_same():
    rows = admit(BUILT_IN, GOOD, "physhub")
    with pytest.raises(PluginError, match="the name physhub belongs to PhysHub"):
        admit(rows, GOOD, "physhub-fork")


def test_an_unknown_name_has_a_row_that_knows_nothing():
    row = sources.source_named("nowhere")
    assert row == Source("nowhere", "nowhere")
    assert not row.hosts


ROW = "from fairreg.sources import Source\nROW = "
ENTRY_POINTS = {
    "not a row": ("fairreg.sources", "ROW", "ROW = 'hub'", "it is 'str'"),
    "absent": ("fairreg.sources", "ROW", "", "cannot be loaded"),
    "unknown field": ("fairreg.sources", "ROW", f"{ROW}Source('hub', 'Hub', hosts=())", "cannot be loaded"),
    "taken": ("fairreg.sources", "ROW", f"{ROW}Source('zenodo', 'Hub')", "the name zenodo belongs to Zenodo"),
    "no module": ("fairreg.harvesters", "ROW", "ROW = 7", "is 'int' and must be a module"),
    "no harvester": ("fairreg.harvesters", "", "", "does not define HARVESTER"),
    "name of another": (
        "fairreg.harvesters",
        "",
        "from fairreg.harvesters.zenodo import HARVESTER",
        "its HARVESTER has another name",
    ),
}


@pytest.mark.parametrize(
    ("number", "group", "attribute", "code", "words"),
    [(number, *case) for number, case in enumerate(ENTRY_POINTS.values())],
    ids=ENTRY_POINTS,
)
def test_a_bad_entry_point_is_refused_with_a_sentence_that_names_its_package(
    tmp_path, monkeypatch, number, group, attribute, code, words
):
    module = f"bad_hub_{number}"  # what was imported or loaded once is remembered by its name
    (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint(module, f"{module}:{attribute}" if attribute else module, group)
    monkeypatch.setattr(plugins, "_installed", lambda: {group: (point,)})
    read = {"fairreg.sources": sources.all_sources, "fairreg.harvesters": harvesters.all_harvesters}[group]
    monkeypatch.setattr(plugins, "names", plugins.names.__wrapped__)
    with pytest.raises(PluginError) as caught:
        read.__wrapped__()
    assert f"The package {module} " in caught.value.message
    assert words in caught.value.message
    assert f"Uninstall {module}" in caught.value.hint


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("fairreg.sources", "The package bad-hub cannot add its source: the name zenodo belongs to Zenodo."),
        (
            "fairreg.harvesters",
            "The package bad-hub adds 'zenodo' to fairreg.harvesters, but that name is already in use.",
        ),
    ],
)
def test_a_command_says_which_installed_package_it_cannot_use(tmp_path, group, words):
    (tmp_path / "bad_hub.py").write_text(f"{ROW}Source('zenodo', 'Hub')", encoding="utf-8")
    info = tmp_path / "bad_hub-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-hub\nVersion: 1.0\n", encoding="utf-8")
    point = "zenodo = bad_hub" + (":ROW" if group == "fairreg.sources" else "")
    (info / "entry_points.txt").write_text(f"[{group}]\n{point}\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, "PYTHONPATH": path, "FAIRREG_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, "sources"], capture_output=True, text=True, env=variables, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("words", "most"), [(["--help"], 0), (["sources"], 1)])
def test_installed_packages_are_looked_through_once_and_not_for_help(tmp_path, words, most):
    code = (
        "import importlib.metadata as metadata, sys\n"
        "real, calls = metadata.entry_points, []\n"
        "def counted(**given):\n"
        "    calls.append(sys._getframe(1).f_globals['__name__'])\n"
        "    return real(**given)\n"
        "metadata.entry_points = counted\n"
        f"sys.argv = ['fairreg', *{words!r}]\n"
        "from fairreg.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('calls', sum(name.startswith('fairreg') for name in calls), file=sys.stderr)"
    )
    variables = {**os.environ, "FAIRREG_HOME": str(tmp_path), "FAIRREG_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False
    )
    assert int(done.stderr.rpartition("calls ")[2]) == most


@pytest.mark.parametrize(
    "text",
    [
        "doi:",
        "zenodo:12",
        "zenodo:https://zenodo.org/records/123",
        "hf:https://huggingface.co/a/b",
        "archive.softwareheritage.org/swh:1:dir:" + "d" * 40,
        "github:a",
        "github:a/.git",
        "kaggle:",
    ],
)
def test_what_only_resembles_a_spelling_is_no_identifier(text):
    with pytest.raises(IdentifierError):
        parse(text)
