# SPDX-License-Identifier: MIT
import hashlib
import itertools
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.storage import checksums
from fairreg.storage.checksums import RunningChecksums, checksums_of, read_published
from support.examples import examples

CONTENT = bytes(range(256)) * 50
DIGESTS = {
    **{
        name: hashlib.new(name, CONTENT).hexdigest() for name in ("sha512", "sha384", "sha256", "sha1", "md5")
    },
    "sha3-256": hashlib.sha3_256(CONTENT).hexdigest(),
    "blake2b": hashlib.blake2b(CONTENT).hexdigest(),
    "git-blob-sha1": hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest(),
    "adler32": f"{zlib.adler32(CONTENT):08x}",
    "crc32": f"{zlib.crc32(CONTENT):08x}",
}


@pytest.mark.parametrize(
    ("stated", "algorithm"),
    [
        ("md5:aa", "md5"),
        ("MD5:AA", "md5"),
        ("SHA-256:aa", "sha256"),
        ("sha_512:aa", "sha512"),
        ("Sha 1: aa", "sha1"),
        ("SHA3-256:aa", "sha3-256"),
        ("git-blob-sha1:aa", "git-blob-sha1"),
    ],
)
def test_an_algorithm_is_known_in_its_usual_spellings(stated, algorithm):
    assert read_published([stated]).known == ((algorithm, "aa"),)


@pytest.mark.parametrize(
    "stated", ["md6:aa", "sha265:aa", "aa", "", ":aa", "etag:x", "crc32c:00000001", "sha256"]
)
def test_an_unknown_or_mistyped_algorithm_is_kept_as_stated(stated):
    assert read_published([stated]) == ((), (stated,))


def test_the_strongest_comes_first_and_weak_ones_name_no_file():
    found = read_published(["crc32:1", "md5:b", "adler32:2", "sha256:c"])
    assert found.known == (("sha256", "c"), ("md5", "b"), ("adler32", "00000002"), ("crc32", "00000001"))
    assert found.digests == (("sha256", "c"), ("md5", "b"))


@pytest.mark.parametrize("thread_from", [0, 10**9])
@settings(max_examples=examples(30))
@given(cuts=st.lists(st.integers(0, len(CONTENT)), max_size=5))
def test_checksums_of_passing_bytes_are_those_of_the_file(thread_from, cuts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checksums, "_MANY", thread_from)
        running = RunningChecksums(DIGESTS, len(CONTENT))
        places = [0, *sorted(cuts), len(CONTENT)]
        for start, stop in itertools.pairwise(places):
            running.update(CONTENT[start:stop])
        assert running.values() == DIGESTS
        running.close()


def test_the_beginning_of_a_file_is_read_before_the_rest_passes(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    running = RunningChecksums(["md5"])
    running.read(tmp_path / "x", 700)
    running.update(CONTENT[700:])
    assert running.values() == {"md5": DIGESTS["md5"]}
    assert checksums_of(tmp_path / "x", DIGESTS) == DIGESTS
