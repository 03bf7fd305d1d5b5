# SPDX-License-Identifier: MIT
"""Files of awkward names: all are fetched, and each lands under a safe name of its own."""

import unicodedata
from pathlib import Path

import pytest

import fairreg
from fairreg.services.registry.shared_engine import close
from support import hub, zenodo_files
from support.zenodo_files import raw_link, strict_link

pytestmark = pytest.mark.engines("sqlite")

NAMES = (
    "jets#1.csv",
    "what?.csv",
    "a+b.csv",
    "100%.csv",
    "50%25.csv",
    "jets pt.csv",
    "two  blanks.csv",
    "dir/é.csv",
    "a;b.csv",
    "[v1]&x=1.csv",
    "CON",
    "...",
)
DOTS = (".", "..", "a/../b.csv")


@pytest.fixture
def brings(cli, httpserver, tmp_path):
    """Fetch a record of these files into a folder; gives the names on disk by content."""

    def bring(files, *, link=strict_link):
        pid = zenodo_files.serve(httpserver, files, link=link)
        result = cli("fetch", pid, "--output", tmp_path / "out", "--json")
        assert result.code == 0, result.err
        assert [item["name"] for item in result.json["files"]] == [name for name, _ in files]
        for item, (_, content) in zip(result.json["files"], files, strict=True):
            assert Path(item["path"]).read_bytes() == content
        paths = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
        return {path.read_bytes(): path.relative_to(tmp_path / "out").as_posix() for path in paths}

    return bring


def contents(names):
    return [(name, b"%d\n" % number) for number, name in enumerate(names)]


@pytest.mark.parametrize("link", [strict_link, raw_link])
def test_names_with_characters_of_addresses_are_fetched(brings, link):
    files = contents(NAMES)
    found = brings(files, link=link)
    assert sorted(found) == sorted(content for _, content in files)
    assert found[b"0\n"] == "jets#1.csv"
    assert found[b"1\n"] == "what_.csv"


def test_names_of_dots_are_asked_for_as_names(brings):
    files = contents(DOTS)
    assert sorted(brings(files)) == sorted(content for _, content in files)


def test_dots_in_a_link_are_no_way_up(brings):
    assert set(brings(contents(DOTS), link=raw_link)) == {b"0\n", b"1\n", b"2\n"}


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    "names",
    [
        ("jets_pt>300.csv", "jets_pt<300.csv"),
        ("a:b.csv", "a_b.csv"),
        ("fold1/m.csv", "fold2/m.csv"),
        ("a", "a/a"),
        ("same.csv", "same.csv"),
        ("README", "readme", "ReadMe/x"),
        ("é.csv", "e\u0301.csv"),
        ("aux.csv", "AUX.csv"),
        ("x" + "y" * 200 + ".csv", "z" + "y" * 200 + ".csv"),
        ("m.csv", "m.csv.", "d/m.csv "),
    ],
)
def test_names_that_fall_together_stay_apart(brings, names):
    files = contents(names)
    found = brings(files)
    assert sorted(found) == sorted(content for _, content in files)
    keys = {unicodedata.normalize("NFC", place).casefold() for place in found.values()}
    assert len(keys) == len(files)


def test_the_same_file_in_two_folders_comes_twice(cli, httpserver, tmp_path):
    pid = zenodo_files.serve(httpserver, [("fold1/m.csv", b"1\n"), ("fold2/m.csv", b"1\n")])
    assert cli("fetch", pid, "--output", tmp_path / "out").code == 0
    assert sorted(path.parent.name for path in (tmp_path / "out").rglob("m.csv")) == ["fold1", "fold2"]


def test_fetching_again_into_the_folder_changes_nothing(cli, httpserver, tmp_path):
    pid = zenodo_files.serve(httpserver, contents(("a:b.csv", "a_b.csv", "same.csv", "same.csv")))
    out = tmp_path / "out"
    assert cli("fetch", pid, "--output", out).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert cli("fetch", pid, "--output", out).code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_python_fetches_them_too(cli, httpserver, tmp_path):
    pid = zenodo_files.serve(httpserver, contents(("jets#1.csv", "jets?1.csv")), link=raw_link)
    fetched = fairreg.fetch(pid, tmp_path / "out", file=["jets[#?]1.csv"])
    close()
    assert sorted(fetched.path_of(item).name for item in fetched.files) == ["jets#1.csv", "jets_1.csv"]


def test_files_of_the_hub_come_by_their_names_too(cli, httpserver, tmp_path):
    files = {"m/jets#1.csv": b"1\n", "m/what?.csv": b"2\n", "50%25 [v1].csv": b"3\n", "M/Jets#1.csv": b"4\n"}
    pid = hub.serve(httpserver, "lab/tagger", files)
    result = cli("fetch", pid, "--output", tmp_path / "out")
    assert result.code == 0, result.err
    paths = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sorted(path.read_bytes() for path in paths) == sorted(files.values())
    assert len({str(path).casefold() for path in paths}) == len(files)


PROJECT = ("facts.toml", ".copier-answers.yml", ".gitignore", ".zenodo.json", ".github/workflows/test.yml")
CODE = ("models/toy.onnx", "src/toy/train.py", "tests/vectors/inputs.npz", "tests/test_model.py")


def test_a_project_that_was_published_file_by_file_comes_back_as_it_was(brings):
    assert sorted(brings(contents((*PROJECT, *CODE))).values()) == sorted((*PROJECT, *CODE))


def test_hidden_names_that_no_project_publishes_and_ways_out_are_not_kept(brings):
    awkward = (".bashrc", ".git/config", "src/.envrc", "../up.py", ".github/.hidden", "a/CON", "C:/x")
    found = set(brings(contents((*PROJECT, *awkward))).values()) - set(PROJECT)
    assert found == {"bashrc", "git/config", "src/envrc", "up.py", ".github/hidden", "a/_CON", "C_/x"}


def test_many_files_are_counted_and_listed_on_request(cli, httpserver, tmp_path):
    pid = zenodo_files.serve(httpserver, contents((*PROJECT, *CODE, "README.md", "LICENSE")))
    short = cli("fetch", pid, "--output", tmp_path / "out")
    assert "11 files: downloaded, verified against md5" in short.err
    assert f"11 files, 23 bytes, in {tmp_path / 'out'}; --verbose lists them" in short.out
    assert "train.py" not in short.out + short.err
    assert str(tmp_path / "out" / "models" / "toy.onnx") in short.out
    whole = cli("fetch", pid, "--verbose")
    assert "train.py" in whole.out
    assert "LICENSE: from the cache, verified against md5" in whole.err


@pytest.mark.parametrize("missing", PROJECT[:2])
def test_other_records_keep_the_last_parts_of_their_names(brings, missing):
    names = [name for name in (*PROJECT, *CODE) if name != missing]
    found = brings(contents(names))
    assert "toy.onnx" in found.values()
    assert "gitignore" in found.values()


def test_chosen_files_of_a_project_lie_at_the_top(cli, httpserver, tmp_path):
    pid = zenodo_files.serve(httpserver, contents((*PROJECT, *CODE)))
    assert cli("fetch", pid, "--file", "*.py", "--output", tmp_path / "out").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"train.py", "test_model.py"}
