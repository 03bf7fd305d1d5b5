# SPDX-License-Identifier: MIT
import errno
import hashlib
import json
import os
import re
import shutil
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError
from fairreg.storage.archive import unpack
from fairreg.storage.cache import Cache
from fairreg.storage.file_names import safe_name
from fairreg.storage.files import disk_faults
from support.examples import examples
from support.permissions import needs_permissions, ordinary_rights, read_only

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEYS = ("md5:0123456789abcdef", f"sha256:{SHA256}")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def fill(cache):
    part = cache.partial(KEYS[0])
    part.write_bytes(CONTENT)
    return cache.add(part, name="org/model v1.onnx", sha256=SHA256, keys=KEYS)


def test_an_added_file_is_found_under_each_key_with_its_published_name(cache):
    added = fill(cache)
    assert added.path.name == "model v1.onnx"
    assert cache.find(("md5:none", KEYS[0])) == cache.find((KEYS[1],)) == added
    assert not cache.partial(KEYS[0]).exists()


def test_an_unknown_key_finds_nothing(cache):
    assert cache.find(("sha256:" + "0" * 64,)) is None


def test_a_blob_changed_on_disk_is_dropped_when_asked_for(cache):
    path = fill(cache).path
    path.write_bytes(b"changed")
    assert cache.find(KEYS) is None
    assert not path.exists()


def test_verify_names_the_blob_that_was_changed(cache):
    path = fill(cache).path
    assert list(cache.verify()) == [(path, True)]
    path.write_bytes(b"changed")
    assert list(cache.verify()) == [(path, False)]


def test_a_broken_index_entry_counts_as_absent(cache):
    fill(cache)
    for entry in (cache.folder / "index").iterdir():
        entry.write_text('{"sha256": ')
    assert cache.find(KEYS) is None


def test_info_counts_and_clear_empties(cache):
    fill(cache)
    assert (cache.info().files, cache.info().size) == (1, len(CONTENT))
    assert cache.clear() >= len(CONTENT)
    assert (cache.info().files, cache.info().size) == (0, 0)


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(FairregError, match="cannot be written") as caught:
        Cache(tmp_path / "cache").partial("url:x")
    assert caught.value.hint


@given(st.text())
def test_a_safe_name_is_one_plain_file_name(name):
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 150
    assert not set(safe) & set('/\\:*?"<>|\0\n')
    assert not safe.startswith(".")


@pytest.fixture
def decoys(cache):
    """Files beside the cache and in it that are none of its blobs."""
    places = [cache.folder.parent.parent / "decoy", cache.folder.parent / "decoy", cache.folder / "decoy"]
    cache.folder.mkdir(parents=True)
    for place in places:
        place.write_bytes(CONTENT)
    return places


def write_entry(cache, content):
    path = cache.folder / "index" / f"{KEYS[0].replace(':', '-')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


NESTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
DIGESTS = st.sampled_from(["..", "../..", SHA256, SHA256.upper(), f"{SHA256}/..", SHA256[:-1], ""]) | NESTS
NAMES = st.sampled_from(
    ["../decoy", "../../decoy", "/etc/hostname", ".", "..", "a/b", "a\\b", "a\0", "\ud800"]
)


@given(
    st.binary()
    | NESTS.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({"sha256": DIGESTS, "name": NAMES | NESTS | st.just("\ud800")}).map(
        lambda v: json.dumps(v).encode()
    )
    | st.sampled_from([b"[" * 100_000, b'{"sha256":' * 50_000, b"\xff\xfe", b"9" * 5000])
)
@settings(
    max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_crafted_index_entry_counts_as_absent_and_is_all_that_is_removed(cache, content):
    blob = fill(cache).path
    outside = cache.folder.parent / "decoy"
    outside.write_bytes(CONTENT)
    entry = write_entry(cache, content)
    said = []
    assert Cache(cache.folder, said.append).find(KEYS[:1]) is None
    assert blob.read_bytes() == outside.read_bytes() == CONTENT
    assert not entry.exists()
    # An entry in the right form names a file that is not there, which is no damage.
    damaged = [f"The entry {entry.name} of the cache's index is damaged, so it is ignored."]
    blank = rb"\s*"
    right = rb'\{"sha256":"[0-9a-f]{64}","name":"\w+"\}'.replace(rb":", blank + rb":" + blank)
    assert said == ([] if re.fullmatch(right.replace(rb",", blank + rb"," + blank), content) else damaged)
    assert cache.find(KEYS[1:]) is not None


@pytest.mark.parametrize("level", ["../decoy", "../../decoy", "../../../decoy", "../../../../decoy"])
def test_no_path_in_an_index_entry_leads_out_of_the_blobs(cache, decoys, level):
    for digest in ("..", "../../..", SHA256):
        write_entry(cache, json.dumps({"sha256": digest, "name": level}).encode())
        assert cache.find(KEYS) is None
    assert all(decoy.exists() for decoy in decoys)


def test_an_entry_whose_blob_differs_is_dropped_with_a_word(cache):
    path, said = fill(cache).path, []
    path.write_bytes(b"changed")
    assert Cache(cache.folder, said.append).find(KEYS) is None
    assert said == ["model v1.onnx in the cache is not what was stored, so it is not used."]


def test_a_blob_that_is_a_link_out_of_the_cache_is_not_used(cache, tmp_path):
    path = fill(cache).path
    outside = tmp_path / "outside"
    path.replace(outside)
    path.symlink_to(outside)
    assert list(cache.verify()) == [(path, False)]
    assert cache.info().files == 0
    assert cache.find(KEYS) is None
    assert outside.read_bytes() == CONTENT
    assert not path.is_symlink()


@pytest.mark.parametrize("part", ["blobs", "index", "partial", "gathered", "extracted"])
def test_a_folder_that_is_a_link_out_of_the_cache_loses_the_link_only(cache, tmp_path, part):
    outside = tmp_path / "outside"
    fill(cache)
    cache.extracted(SHA256).mkdir(parents=True)
    cache.gathered({"a/b": cache.find(KEYS)})
    (cache.folder / part).replace(outside)
    before = sorted(path for path in outside.rglob("*"))
    (cache.folder / part).symlink_to(outside)
    found = cache.find(KEYS)
    fill(cache)
    if found is not None:
        cache.gathered({"a/b": found})
    cache.clear()
    assert sorted(path for path in outside.rglob("*")) == before
    assert not (cache.folder / part).exists()


@pytest.mark.parametrize("suffix", [".part", ".lock"])
def test_a_link_in_the_place_of_a_download_or_a_lock_is_not_written_through(cache, tmp_path, suffix):
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    cache.partial(KEYS[0]).with_suffix(suffix).symlink_to(outside)
    with cache.lock(KEYS[0]):
        cache.partial(KEYS[0]).write_bytes(CONTENT)
    assert outside.read_bytes() == b"mine"


def test_a_file_that_is_gathered_is_not_written_through_a_link(cache, tmp_path):
    file, outside = fill(cache), tmp_path / "outside"
    outside.mkdir()
    folder = cache.gathered({"a/b": file})
    (folder / "a" / "b").unlink()
    (folder / "a").rmdir()
    (folder / "a").symlink_to(outside)
    assert (cache.gathered({"a/b": file}) / "a" / "b").read_bytes() == CONTENT
    assert list(outside.iterdir()) == []


@needs_permissions
def test_a_cache_that_is_read_only_is_used_without_a_lock(cache):
    file = fill(cache)
    folder = cache.gathered({"a": file})
    with read_only(cache.folder):
        assert cache.find(KEYS) == file
        assert cache.gathered({"a": file}) == folder
        with pytest.raises(FairregError, match=r"The cache cannot be written: Permission denied"):
            cache.lock("x").__enter__()


@needs_permissions
def test_a_blob_that_cannot_be_read_is_kept(cache):
    path, said = fill(cache).path, []
    path.chmod(0)
    with ordinary_rights():
        assert Cache(cache.folder, said.append).find(KEYS) is None
        with pytest.raises(FairregError, match="cannot be read: Permission denied"):
            list(cache.verify())
    assert path.exists()
    assert said == [f"{path} in the cache cannot be read: Permission denied."] * 2


def put_text(path, _outside):
    path.write_bytes(b"TAMPERED")


def put_link(path, outside):
    outside.write_bytes(CONTENT)
    path.symlink_to(outside)


def put_dangling_link(path, outside):
    path.symlink_to(outside)


def put_pipe(path, _outside):
    os.mkfifo(path)


def put_folder(path, _outside):
    (path / "inner").mkdir(parents=True)


posix = pytest.mark.skipif(os.name != "posix", reason="pipes and links")
PUTS = [put_text, put_link, put_dangling_link, put_pipe, put_folder]
OTHERS = [put_link, put_dangling_link, put_pipe, put_folder]


@posix
@pytest.mark.parametrize("put", PUTS)
def test_a_file_under_a_second_name_is_the_one_that_was_hashed(cache, tmp_path, put):
    """Whatever is in the place of the second name, the path that is returned has the bytes of the first."""
    second = cache.named(fill(cache), "b.dat").path
    second.unlink()
    put(second, tmp_path / "outside")
    before = (tmp_path / "outside").exists()
    said = []
    again = Cache(cache.folder, said.append)
    found = again.named(again.find(KEYS), "b.dat")
    assert (found.path, second.read_bytes(), second.is_symlink()) == (second, CONTENT, False)
    assert said == ["b.dat in the cache is not what was stored, so it is not used."]
    assert all(intact for _, intact in again.verify())
    assert (tmp_path / "outside").exists() == before


@posix
@pytest.mark.parametrize("put", PUTS)
def test_verify_names_whatever_is_in_the_place_of_a_blob_and_does_not_open_it(cache, tmp_path, put):
    path = fill(cache).path
    path.unlink()
    put(path, tmp_path / "outside")
    assert list(cache.verify()) == [(path, False)]


@posix
def test_verify_names_a_link_that_leads_out_and_not_what_it_leads_to(cache, tmp_path):
    folder = fill(cache).path.parent
    folder.replace(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    assert list(cache.verify()) == [(folder, False)]


def break_off(sent):
    """A disk without links that is full after a few bytes of a copy."""

    def copyfile(source, target):
        target.write_bytes(source.read_bytes()[:sent])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return copyfile


def no_links(_source, _target):
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("use", [lambda c, f: c.named(f, "b"), lambda c, f: c.gathered({"b": f}) / "b"])
def test_a_copy_that_the_disk_stopped_is_not_taken_for_the_file(cache, monkeypatch, use):
    file = fill(cache)
    monkeypatch.setattr(os, "link", no_links)
    with monkeypatch.context() as full:
        full.setattr(shutil, "copyfile", break_off(3))
        with pytest.raises(FairregError, match="The cache cannot be written: No space left"):
            use(cache, file)
    assert [path.name for path in cache.folder.rglob("*") if path.is_file()].count("b") == 0
    assert cache.info().partial == 0
    found = use(cache, file)
    assert getattr(found, "path", found).read_bytes() == CONTENT


@needs_permissions
def test_threads_that_begin_at_once_hold_a_lock_one_after_another(cache):
    beside = []
    for number in range(60):
        begin, inside = threading.Barrier(4), []

        def hold(key=f"name:{number:064x}", begin=begin, inside=inside):
            begin.wait()
            with cache.lock(key):
                inside.append(key)
                beside.append(len(inside))
                time.sleep(0.001)  # long enough that the next one is inside, if it can be
                inside.pop()

        threads = [threading.Thread(target=hold) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert beside == [1] * 240


def test_a_second_name_in_a_read_only_cache_needs_no_lock(cache):
    second = cache.named(fill(cache), "b.dat")
    with read_only(cache.folder):
        again = Cache(cache.folder)
        assert again.named(again.find(KEYS), "b.dat").path == second.path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_or_folder_in_the_place_of_an_own_file_is_removed(tmp_path, make):
    cache = Cache(tmp_path)
    part = cache.partial("md5:0123456789abcdef")
    for place in (part, part.with_suffix(".lock"), cache._index("md5:0123456789abcdef")):
        place.parent.mkdir(parents=True, exist_ok=True)
        make(place)
    with cache.lock("md5:0123456789abcdef"):
        cache.partial("md5:0123456789abcdef").write_bytes(CONTENT)
        cache.add(part, name="a.bin", sha256=SHA256, keys=("md5:0123456789abcdef",))
    assert cache.find(("md5:0123456789abcdef",)).path.read_bytes() == CONTENT


def test_files_and_unpacked_archives_are_counted_as_they_are_verified(cache):
    added = fill(cache)
    with zipfile.ZipFile(added.path.with_name("b.zip"), "w") as archive:
        archive.writestr("x.txt", b"12345")
        archive.writestr("y/z.txt", b"67")
    unpack(added.path.with_name("b.zip"), cache.extracted("b" * 64))
    (cache.folder / "partial" / ".draft.0123456789ab.part").touch()
    cache.partial("md5:0123456789abcdee").write_bytes(b"half")
    found, checked = cache.info(), list(cache.verify())
    assert (found.files, found.extracted, found.partial, found.extracted_size) == (2, 1, 1, 7)
    assert found.files + found.extracted == len(checked)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "Free some space, or choose a folder on another disk"),
        (errno.EDQUOT, "Free some space, or choose a folder on another disk"),
        (errno.EFBIG, "Free some space, or choose a folder on another disk"),
        (errno.EACCES, "Change its permissions, or choose a writable folder"),
        (errno.EPERM, "Change its permissions, or choose a writable folder"),
        (errno.EROFS, "Change its permissions, or choose a writable folder"),
        (errno.EEXIST, "Choose another path: a file or a folder is in its place."),
        (errno.ENOTDIR, "Choose another path: a file or a folder is in its place."),
        (errno.EISDIR, "Choose another path: a file or a folder is in its place."),
        (errno.ENOTEMPTY, "Choose another path: a file or a folder is in its place."),
        (errno.EIO, "Check the disk, or choose another folder"),
    ],
)
def test_the_hint_of_a_disk_error_is_that_of_its_number(number, words):
    with pytest.raises(FairregError) as refused, disk_faults("The result"):
        raise OSError(number, os.strerror(number), "/disk/result")
    assert refused.value.message == f"The result cannot be written: {os.strerror(number)} (/disk/result)."
    assert (refused.value.hint or "").startswith(words)
    assert ("space" in words) == ("space" in refused.value.hint)


def test_the_hint_for_a_missing_folder_names_it(tmp_path):
    with pytest.raises(FairregError) as refused, disk_faults("The result"):
        (tmp_path / "none" / "x").write_bytes(b"")
    assert refused.value.hint == f"Make the folder {tmp_path / 'none'} first."


@pytest.mark.skipif(sys.platform != "linux", reason="a device of Linux")
def test_a_full_disk_and_a_file_in_the_way_are_told_apart():
    with pytest.raises(FairregError, match="No space left") as full, disk_faults("The result"):
        os.write(os.open("/dev/full", os.O_WRONLY), b"x")
    assert full.value.hint.startswith("Free some space")
    with pytest.raises(FairregError, match="Not a directory") as taken, disk_faults("The result"):
        Path("/dev/null/x").write_bytes(b"")
    assert taken.value.hint.startswith("Choose another path")


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/usr"), lambda path: path.write_text("x")])
def test_what_is_no_folder_in_the_place_of_an_unpacked_archive_is_counted_nowhere_and_has_changed(
    tmp_path, make
):
    cache = Cache(tmp_path / "cache")
    place = cache.extracted("a" * 64)
    place.parent.mkdir(parents=True)
    make(place)
    assert (cache.info().extracted, cache.info().extracted_size) == (0, 0)
    assert list(cache.verify()) == [(place, False)]


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_disk_without_locks_takes_files_nevertheless(tmp_path, monkeypatch, fault):
    def flock(_file, _how):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr("fcntl.flock", flock)
    with Cache(tmp_path / "cache").lock("a"):
        pass
