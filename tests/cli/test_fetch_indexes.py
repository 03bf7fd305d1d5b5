# SPDX-License-Identifier: MIT
"""Files that a record of CERN Open Data lists in index files; all records are written by hand."""

import json
import zlib

import pytest

from fairreg.services.fetch.files import indexes

pytestmark = pytest.mark.engines("sqlite")

DOI = "10.7483/OPENDATA.CMS.JGJX.MS7Q"
EOS = "root://eospublic.cern.ch//eos/opendata/cms/"
API = "/cernopendata/api/records"
FILES = {
    f"{part}/ntuple_{number}.h5": f"{part} {number}".encode()
    for part in ("test", "train")
    for number in (0, 1)
}


def adler(content):
    return f"adler32:{zlib.adler32(content):08x}"


def entry(place, content, **more):
    return {"checksum": adler(content), "size": len(content), "uri": EOS + place, **more}


def index_of(part):
    listed = [
        {**entry(place, content), "filename": place.rsplit("/", 1)[-1]}
        for place, content in FILES.items()
        if place.startswith(part)
    ]
    return json.dumps(listed).encode()


def text_of(part):
    return "".join(f"{EOS}{place}\n" for place in FILES if place.startswith(part)).encode()


def indexes_of(*kinds):
    """Index files by their place, each with its type."""
    made = {"index.json": index_of, "index.txt": text_of}
    return {
        f"{part}/file-indexes/{part}_h5_file_index.{kind.rpartition('.')[2]}": (kind, made[kind](part))
        for part in ("test", "train")
        for kind in kinds
    }


def metadata(**more):
    return {"recid": "12102", "doi": DOI, "title": "Jets", "type": {"primary": "Dataset"}, **more}


@pytest.fixture
def serve(httpserver):
    """Serve record 12102 and these files; nothing else is there."""

    def run(meta, contents):
        document = {"id": "12102", "metadata": meta}
        httpserver.expect_request(f"{API}/12102").respond_with_json(document)
        httpserver.expect_request(API).respond_with_json({"hits": {"hits": [document], "total": 1}})
        for place, content in contents.items():
            httpserver.expect_request(f"/cernopendata/eos/opendata/cms/{place}").respond_with_data(content)
        httpserver.expect_request(f"/datacite/dois/{DOI.lower()}").respond_with_data("", status=404)

    return run


@pytest.fixture
def older(serve):
    """The record as in the portal's repository, with two pairs of index files."""
    files = indexes_of("index.json", "index.txt")
    listed = [entry(place, content, type=kind) for place, (kind, content) in files.items()]
    serve(metadata(files=listed), {place: content for place, (_, content) in files.items()} | FILES)


@pytest.fixture
def newer(serve):
    """The record as the portal answers today: the files are in its metadata."""
    indices = [
        {
            "key": f"{part}_h5_file_index.json",
            "number_files": 2,
            "files": [
                {
                    **entry(place, content),
                    "key": f"{part}_h5_file_index.json_{number}",
                    "availability": "online",
                }
                for number, (place, content) in enumerate(FILES.items())
                if place.startswith(part)
            ],
        }
        for part in ("test", "train")
    ]
    serve(metadata(files=[], _file_indices=indices), FILES)


def asked(httpserver):
    return [request.path.rsplit("/", 1)[-1] for request, _ in httpserver.log if "/eos/" in request.path]


@pytest.mark.parametrize("shape", ["older", "newer"])
def test_one_listed_file_comes_by_its_name(cli, httpserver, tmp_path, shape, request):
    request.getfixturevalue(shape)
    result = cli("fetch", DOI, "--file", "train/ntuple_1.h5", "--output", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    (file,) = result.json["files"]
    content = FILES["train/ntuple_1.h5"]
    assert (file["name"], file["checksum"], file["size"]) == (
        "train/ntuple_1.h5",
        adler(content),
        len(content),
    )
    (placed,) = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert placed.read_bytes() == content
    indexes = [] if shape == "newer" else ["test_h5_file_index.json", "train_h5_file_index.json"]
    assert asked(httpserver) == [*indexes, "ntuple_1.h5"]


def test_a_pattern_chooses_among_the_listed_files(cli, older):
    result = cli("fetch", "cernopendata:12102", "--file", "test/*", "--json")
    assert [item["name"] for item in result.json["files"]] == ["test/ntuple_0.h5", "test/ntuple_1.h5"]
    assert "list 4 files" in result.err


def test_without_a_choice_the_index_files_and_all_that_they_list_come(cli, older):
    result = cli("fetch", DOI, "--json")
    assert result.code == 0, result.err
    names = {item["name"] for item in result.json["files"]}
    assert names == {
        *FILES,
        *(f"{part}_h5_file_index.{end}" for part in ("test", "train") for end in ("json", "txt")),
    }


def test_an_index_file_comes_by_its_name_alone(cli, older, httpserver):
    result = cli("fetch", DOI, "--file", "test_h5_file_index.json", "--json")
    assert [item["name"] for item in result.json["files"]] == ["test_h5_file_index.json"]
    assert asked(httpserver) == ["test_h5_file_index.json"]


def test_a_plan_lists_the_files_with_size_and_checksum_and_brings_none(cli, older, httpserver):
    result = cli("fetch", DOI, "--dry-run", "--file", "*.h5", "--json")
    assert [(item["name"], item["checksums"]) for item in result.json["files"]] == [
        (name, [adler(content)]) for name, content in FILES.items()
    ]
    assert [name for name in asked(httpserver) if name.endswith(".h5")] == []


def test_show_names_the_index_files_and_reads_none(cli, older, httpserver):
    assert cli("fetch", DOI, "--file", "test_h5_file_index.txt").code == 0
    result = cli("show", DOI)
    names = ("test_h5_file_index.json", "test_h5_file_index.txt", "train_h5_file_index.json")
    assert all(name in result.out for name in names)
    assert "ntuple_" not in result.out
    assert asked(httpserver) == ["test_h5_file_index.txt"]


@pytest.mark.parametrize("shape", ["older", "newer"])
def test_offline_the_fetched_files_are_found_again(cli, shape, request, monkeypatch):
    request.getfixturevalue(shape)
    assert cli("fetch", DOI, "--file", "*.h5").code == 0
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("fetch", DOI, "--file", "*.h5", "--json")
    assert result.code == 0, result.err
    assert [item["name"] for item in result.json["files"]] == list(FILES)
    assert cli("fetch", DOI, "--file", "*.root").code == 4


def test_an_index_without_checksums_is_read_where_there_is_no_other(cli, serve):
    files = indexes_of("index.txt")
    listed = [entry(place, content, type=kind) for place, (kind, content) in files.items()]
    serve(metadata(files=listed), {place: content for place, (_, content) in files.items()} | FILES)
    result = cli("fetch", DOI, "--file", "test/*.h5", "--json")
    assert [(item["name"], item["verified"]) for item in result.json["files"]] == [
        ("test/ntuple_0.h5", False),
        ("test/ntuple_1.h5", False),
    ]


def test_an_index_that_is_not_whole_in_the_answer_is_asked_for(cli, serve, httpserver):
    part = [entry("test/ntuple_0.h5", FILES["test/ntuple_0.h5"])]
    key = "test_h5_file_index.json"
    serve(metadata(_file_indices=[{"key": key, "number_files": 2, "files": part}]), FILES)
    whole = {"key": key, "files": json.loads(index_of("test"))}
    httpserver.expect_request(f"/cernopendata/record/12102/file_index/{key}").respond_with_json(whole)
    result = cli("fetch", DOI, "--file", "ntuple_1.h5", "--json")
    assert [item["name"] for item in result.json["files"]] == ["ntuple_1.h5"]


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"{}", b"[1, 2]", b'[{"uri": "root://other.example//a"}]', b"[" * 100_000, b"\xff\n"],
)
def test_a_file_that_is_no_index_is_named(cli, serve, content):
    place = "a_file_index.json"
    serve(metadata(files=[entry(place, content, type="index.json")]), {place: content})
    result = cli("fetch", DOI)
    assert (result.code, result.out) == (4, "")
    assert "a_file_index.json is not an index of files: 0 of its" in result.err
    assert cli("fetch", DOI, "--file", "a_file_index.json").code == 0


def test_a_damaged_index_is_refused(cli, serve):
    place, content = "a_file_index.json", index_of("test")
    serve(metadata(files=[entry(place, content, type="index.json")]), {place: content[:-1] + b" "})
    result = cli("fetch", DOI, "--file", "*.h5")
    assert result.code == 3
    assert "a_file_index.json is not the published file" in result.err


@pytest.mark.parametrize("stated", [True, False])
def test_an_index_beyond_the_limit_is_refused(cli, serve, monkeypatch, stated):
    monkeypatch.setattr(indexes, "_LARGEST", 50)
    place, content = "a_file_index.json", index_of("test")
    file = entry(place, content, type="index.json")
    if not stated:
        del file["size"]
    serve(metadata(files=[file]), {place: content})
    result = cli("fetch", DOI, "--file", "*.h5")
    assert result.code == 3
    assert f"is an index of {len(content)} bytes" in result.err
