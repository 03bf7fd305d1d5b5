# SPDX-License-Identifier: MIT
"""`fairreg cache ls`, `rm` and `prune`: what is listed, what goes, and what stays."""

import hashlib
import io
import os
import time
import zipfile
from functools import partial

import pytest
from filelock import FileLock

from fairreg.services.fetch import fetch as fetch_service
from fairreg.storage.cache import Cache, CachedFile
from support import hbb
from support.permissions import needs_permissions, ordinary_rights, read_only

pytestmark = pytest.mark.engines("sqlite")

# A note as it is written, but for the digest.
HOSTILE = '{"identifier": "x", "name": "y", "identifiers": [], "files": {"../..": "z"}}'
ONE, TWO = b"a file of one record\n", b"a file of another record, somewhat longer\n"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def serve(httpserver, files, number, **metadata):
    """Serve a record with these files; gives its address."""
    document = hbb.record(b"", number=number)
    document["metadata"] |= metadata
    document["files"] = [
        {
            "key": name,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
            "links": {"self": f"https://zenodo.org/api/records/{number}/files/{name}/content"},
        }
        for name, content in files.items()
    ]
    httpserver.expect_request(f"/zenodo/api/records/{number}").respond_with_json(document)
    for name, content in files.items():
        path = f"/zenodo/api/records/{number}/files/{name}/content"
        httpserver.expect_request(path).respond_with_data(content)
    httpserver.no_handler_status_code = 404
    return f"https://zenodo.org/records/{number}"


@pytest.fixture
def cache(settings):
    return Cache(settings.cache)


@pytest.fixture
def fetched(cli, httpserver):
    """Fetch records with these files; gives the identifier that `ls` prints for each."""

    def run(*records):
        for number, files in enumerate(records, 7_000_001):
            assert cli("fetch", serve(httpserver, files, number)).code == 0
        return [item["identifier"] for item in reversed(cli("cache", "ls", "--json").json)]

    return run


def listed(cli, *options):
    return {item["identifier"]: item for item in cli("cache", "ls", "--json", *options).json}


def used_days_ago(cache, identifier, days):
    path, then = cache.note_path(identifier), time.time() - days * 86_400
    os.utime(path, (then, then))


def test_records_are_listed_with_what_other_commands_take(cli, fetched):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO, "one.csv": ONE})
    found = listed(cli)
    assert found[one]["files"] == [
        {"name": "one.csv", "sha256": sha256(ONE), "size": len(ONE), "state": "there"}
    ]
    assert (found[two]["size"], found[two]["state"]) == (len(ONE) + len(TWO), "complete")
    for identifier in (one, two):
        assert cli("show", identifier).code == 0
        assert cli("fetch", identifier).code == 0
        assert cli("cache", "rm", identifier, "--dry-run").code == 0
    text = cli("cache", "ls")
    assert one in text.out
    assert "1 file\n" in text.out


def test_an_empty_cache_says_so(cli):
    result = cli("cache", "ls")
    assert (result.code, result.out) == (0, "")
    assert "no files" in result.err
    assert cli("cache", "ls", "--json").json == []
    result = cli("cache", "prune", "--yes", "--json")
    assert (result.code, result.json["removed"], result.json["freed"]) == (0, [], 0)


def test_the_last_used_record_is_first(cli, cache, fetched):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO})
    used_days_ago(cache, two, 3)
    assert list(listed(cli)) == [one, two]
    assert cli("fetch", two).code == 0
    assert list(listed(cli)) == [two, one]


def test_files_fetched_one_by_one_are_those_of_one_record(cli, httpserver):
    pid = serve(httpserver, {"one.csv": ONE, "two.csv": TWO}, 7_000_001)
    for name in ("one.csv", "two.csv"):
        assert cli("fetch", pid, "--file", name).code == 0
    (row,) = listed(cli).values()
    assert {item["name"] for item in row["files"]} == {"one.csv", "two.csv"}


def test_verify_says_intact_changed_and_missing(cli, cache, fetched):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO})
    assert {item["state"] for item in listed(cli, "--verify").values()} == {"intact"}
    (path,) = (path for path in cache.blobs() if path.name == "one.csv")
    path.write_bytes(b"changed")
    result = cli("cache", "ls", "--verify", "--json")
    assert result.code == 3
    assert {item["identifier"]: item["state"] for item in result.json} == {one: "changed", two: "intact"}
    path.unlink()
    assert listed(cli)[one]["state"] == "missing"


@pytest.mark.parametrize("spelling", ["10.5281/zenodo.7000001", "https://zenodo.org/records/7000001", "{}"])
def test_a_record_is_removed_by_any_spelling_and_no_other(cli, cache, fetched, spelling):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO})
    result = cli("cache", "rm", spelling.format(one), "--yes", "--json")
    assert [item["identifier"] for item in result.json["removed"]] == [one]
    assert result.json["freed"] == len(ONE)
    assert list(listed(cli)) == [two]
    assert [path.name for path in cache.blobs()] == ["two.csv"]
    assert len(list((cache.folder / "index").iterdir())) == 1
    assert cli("show", one).code == 0
    assert cli("fetch", one).code == 0
    assert set(listed(cli)) == {one, two}


def test_a_file_of_two_records_stays_with_the_other(cli, cache, fetched):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO, "one.csv": ONE})
    assert cli("cache", "rm", one, "--yes", "--json").json["freed"] == 0
    assert (list(listed(cli)), listed(cli)[two]["state"]) == ([two], "complete")


def test_a_file_is_removed_by_the_beginning_of_its_digest(cli, cache, fetched):
    (one,) = fetched({"one.csv": ONE, "two.csv": TWO})
    result = cli("cache", "rm", f"sha256:{sha256(ONE)[:12]}", "--yes", "--json")
    assert result.json["freed"] == len(ONE)
    assert listed(cli)[one]["state"] == "missing"
    assert [path.name for path in cache.blobs()] == ["two.csv"]


def test_a_file_without_a_record_is_listed_by_its_digest_and_removed_by_it(cli, cache):
    part = cache.partial(f"sha256:{sha256(ONE)}")
    part.write_bytes(ONE)
    cache.add(part, name="old.onnx", sha256=sha256(ONE), keys=(f"sha256:{sha256(ONE)}",))
    assert f"old.onnx (sha256:{sha256(ONE)[:12]})" in " ".join(cli("cache", "ls").out.split())
    assert cli("cache", "rm", sha256(ONE)[:12], "--yes").code == 0
    assert cli("cache", "ls", "--json").json == []


def test_what_was_made_of_an_archive_goes_with_it(cli, cache, fetched):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.csv", ONE * 100)
    (one,) = fetched({"all.zip": packed.getvalue()})
    size = len(packed.getvalue()) + 100 * len(ONE)
    assert listed(cli)[one]["size"] == size
    assert cli("cache", "rm", one, "--yes", "--json").json["freed"] == size
    assert list((cache.folder / "extracted").iterdir()) == []


def test_a_dry_run_removes_nothing(cli, cache, fetched):
    (one,) = fetched({"one.csv": ONE})
    before = sorted(path for path in cache.folder.rglob("*") if path.is_file())
    for command in (["rm", one], ["prune", "--keep-size", "0"]):
        result = cli("cache", *command, "--dry-run", "--json")
        assert (result.code, result.json["dry_run"], result.json["freed"]) == (0, True, len(ONE))
    assert "would be removed" in cli("cache", "rm", one, "--dry-run").out
    assert sorted(path for path in cache.folder.rglob("*") if path.is_file()) == before


@pytest.mark.parametrize("command", [["rm", "{}"], ["prune"]])
def test_nothing_goes_without_an_answer(cli, fetched, command):
    (one,) = fetched({"one.csv": ONE})
    for json in ([], ["--json"]):
        result = cli("cache", *(word.format(one) for word in command), *json)
        assert result.code == 2
        assert "--yes" in result.err
    assert list(listed(cli)) == [one]


@pytest.mark.parametrize("named", ["10.5281/zenodo.1", "deadbeef", "nonsense"])
def test_what_is_not_cached_is_named_and_nothing_else_goes(cli, fetched, named):
    (one,) = fetched({"one.csv": ONE})
    result = cli("cache", "rm", one, named, "--yes")
    assert result.code == 1
    assert named in result.err
    assert "fairreg cache ls" in result.err
    assert list(listed(cli)) == [one]


def test_records_that_were_not_used_for_long_are_pruned(cli, cache, fetched):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO})
    used_days_ago(cache, one, 31)
    used_days_ago(cache, two, 29)
    result = cli("cache", "prune", "--older-than", "30d", "--yes", "--json")
    assert [item["identifier"] for item in result.json["removed"]] == [one]
    assert list(listed(cli)) == [two]


@pytest.mark.parametrize(
    ("kept", "left"), [("0", 0), ("41B", 0), ("42B", 1), ("62B", 1), ("63B", 2), ("1 GB", 2)]
)
def test_the_least_recently_used_go_until_the_others_fit(cli, cache, fetched, kept, left):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO})
    used_days_ago(cache, one, 2)
    used_days_ago(cache, two, 1)
    assert (len(ONE), len(TWO)) == (21, 42)
    assert cli("cache", "prune", "--keep-size", kept, "--yes").code == 0
    assert list(listed(cli)) == [two, one][:left]


def bytes_held(*folders, left_out):
    """The bytes that files below the folders take, names of one file counted once."""
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    stats = [path.stat() for path in files if path.suffix not in left_out]
    return sum({stat.st_ino: stat.st_size for stat in stats}.values())


def test_a_file_of_several_records_takes_its_space_once(cli, cache, fetched):
    one, two, three = fetched({"one.csv": TWO}, {"two.csv": TWO}, {"three.csv": ONE})
    for days, identifier in enumerate((three, two, one)):
        used_days_ago(cache, identifier, days)
    assert cli("cache", "prune", "--keep-size", "63B", "--yes", "--json").json["removed"] == []
    result = cli("cache", "prune", "--keep-size", "62B", "--yes", "--json")
    assert [item["identifier"] for item in result.json["removed"]] == [two, one]
    assert result.json["freed"] == len(TWO)
    assert list(listed(cli)) == [three]


@pytest.mark.parametrize("command", ["rm", "prune --keep-size 20B", "prune --older-than 1h", "clear"])
@pytest.mark.parametrize("outside", [False, True], ids=["", "linked outside"])
def test_what_is_said_to_be_freed_is_what_goes(cli, settings, cache, fetched, tmp_path, command, outside):
    _, _, two = fetched({"m.onnx": ONE}, {"again.onnx": ONE}, {"m.data": TWO})
    files = {path.name: path for path in cache.blobs()}
    cache.gathered(
        {
            name: CachedFile(files[name], sha256(content), len(content))
            for name, content in {"m.onnx": ONE, "m.data": TWO}.items()
        }
    )
    (beside := tmp_path / "beside").mkdir()
    if outside:
        os.link(files["m.data"], beside / "mine.data")
    used_days_ago(cache, two, 2)
    words = ["rm", two] if command == "rm" else command.split()
    held = partial(
        bytes_held,
        cache.folder,
        settings.http_cache,
        beside,
        left_out=() if command == "clear" else {".json"},
    )
    before = held()
    planned = cli("cache", *words, "--dry-run", "--json").json["freed"] if command != "clear" else None
    freed = cli("cache", *words, "--yes", "--json").json["freed"]
    assert freed == before - held()
    assert planned in {None, freed}
    assert command == "clear" or (beside / "mine.data").exists() == outside


@pytest.mark.parametrize(
    "option",
    [("--older-than", "soon"), ("--older-than", "3"), ("--keep-size", "much"), ("--keep-size", "-1")],
)
def test_an_age_or_size_that_is_none_is_wrong_usage(cli, option):
    result = cli("cache", "prune", *option, "--yes")
    assert result.code == 2
    assert option[0] in result.err


def test_prune_takes_what_nobody_needs_and_leaves_the_rest(cli, cache, fetched):
    (one,) = fetched({"one.csv": ONE})
    unfinished = cache.partial("md5:0123456789abcdef")
    unfinished.write_bytes(b"half")
    lost = cache.extracted("0" * 64)
    lost.mkdir(parents=True)
    (lost / "inner").write_bytes(b"inner")
    (cache.folder / "index" / "md5-00000000.json").write_text('{"sha256": "%s", "name": "x"}' % ("0" * 64))
    result = cli("cache", "prune", "--yes", "--json")
    assert (result.json["removed"], result.json["leftovers"]) == ([], 3)
    assert not unfinished.exists()
    assert not lost.exists()
    assert (list(listed(cli)), listed(cli, "--verify")[one]["state"]) == ([one], "intact")


def test_what_another_process_downloads_or_unpacks_stays(cli, cache, fetched):
    (one,) = fetched({"one.csv": ONE})
    (entry,) = (cache.folder / "index").iterdir()
    for stem in (entry.stem, f"unpack-{sha256(ONE)}"):
        with FileLock(cache.folder / "partial" / f"{stem}.lock"):
            result = cli("cache", "rm", one, "--yes", "--json")
            assert (result.json["removed"], result.json["freed"]) == ([], 0)
            assert [item["identifier"] for item in result.json["in_use"]] == [one]
            assert "another process" in cli("cache", "rm", one, "--yes").err
    unfinished = cache.partial("md5:0123456789abcdef")
    unfinished.write_bytes(b"half")
    with cache.lock("md5:0123456789abcdef"):
        assert cli("cache", "prune", "--yes", "--json").json["leftovers"] == 0
    assert unfinished.read_bytes() == b"half"
    assert listed(cli, "--verify")[one]["state"] == "intact"


def test_a_fetch_whose_files_are_removed_meanwhile_does_not_name_them(cli, httpserver, monkeypatch):
    address, saved = serve(httpserver, {"one.csv": ONE}, 7_000_001), fetch_service.save_record

    def removed_meanwhile(*stored):
        saved(*stored)
        assert cli("cache", "rm", "zenodo:7000001", "--yes").code == 0

    monkeypatch.setattr(fetch_service, "save_record", removed_meanwhile)
    result = cli("fetch", address, "--json")
    assert (result.code, result.out) == (1, "")
    assert "one.csv was removed from the cache while it was fetched." in result.err


def test_an_interrupt_leaves_what_is_complete_or_unknown(cli, cache, fetched, monkeypatch):
    one, two = fetched({"one.csv": ONE}, {"two.csv": TWO})

    def interrupted(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fairreg.services.cache.removal._remove_folder", interrupted)
        assert cli("cache", "rm", one, "--yes").code == 130
    assert {item["state"] for item in listed(cli, "--verify").values()} == {"intact"}
    assert cli("cache", "rm", one, "--yes").code == 0
    assert list(listed(cli)) == [two]


def test_a_link_in_the_cache_is_not_followed(cli, cache, fetched, tmp_path):
    (one,) = fetched({"one.csv": ONE})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (cache.folder / "extracted").mkdir(exist_ok=True)
    cache.extracted(sha256(ONE)).symlink_to(outside)
    cache.extracted("0" * 64).symlink_to(outside)
    assert cli("cache", "rm", one, "--yes").code == 0
    assert cli("cache", "prune", "--yes").code == 0
    assert (outside / "kept").read_text() == "kept"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[" * 10_000,
        '{"identifier": 1}',
        HOSTILE,
    ],
)
def test_a_note_that_was_tampered_with_is_ignored(cli, cache, fetched, text):
    (one,) = fetched({"one.csv": ONE})
    cache.note_path(one).write_text(text)
    cache.note_path("x").write_text(text)
    (row,) = cli("cache", "ls", "--json").json
    assert (row["identifier"], row["files"][0]["sha256"]) == (None, sha256(ONE))
    assert cli("fetch", one).code == 0
    assert set(listed(cli)) == {one}


@needs_permissions
def test_a_cache_that_is_read_only_is_listed_and_used_and_not_changed(cli, settings, fetched):
    (one,) = fetched({"one.csv": ONE})
    with ordinary_rights(), read_only(settings.home):
        assert set(listed(cli)) == {one}
        assert cli("fetch", one).code == 0
        assert cli("cache", "rm", one, "--dry-run").code == 0
        result = cli("cache", "rm", one, "--yes")
        assert result.code == 1
        assert "cannot be written" in result.err


def test_foreign_names_control_no_terminal(cli, httpserver):
    pid = serve(httpserver, {"one.csv": ONE}, 7_000_001, title="\x1b[31mred\x9b [bold]x[/bold]")
    assert cli("fetch", pid).code == 0
    result = cli("cache", "ls")
    assert not {"\x1b", "\x9b"} & set(result.out + result.err)
    assert "[bold]" in result.out
