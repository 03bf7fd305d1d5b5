# SPDX-License-Identifier: MIT
"""Headers of a tar, which tarfile trusts, take bounded memory and time."""

import gzip
import tarfile
import tracemalloc

import pytest

from fairreg.errors import UnsafeArchive
from fairreg.storage.archive import is_archive, unpack
from fairreg.storage.tar_headers import open_tar

END = bytes(2 * tarfile.BLOCKSIZE)


def block(name, data=b"", kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.size, member.type = len(data), kind
    return member.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def record(key, value):
    text = f" {key}={value}\n".encode()
    length = len(text)
    while len(str(length)) + len(text) != length:
        length = len(str(length)) + len(text)
    return str(length).encode() + text


def extended(data, kind=tarfile.XHDTYPE):
    return block("x", data, kind)


def packed(path, *blocks):
    with gzip.open(path, "wb", compresslevel=1) as out:
        for part in blocks:
            out.write(part)
    return path


def refuse(path, match):
    room = path.parent / "room"
    room.mkdir()
    with pytest.raises(UnsafeArchive, match=match):
        unpack(path, room / "out")
    assert list(room.iterdir()) == []


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_tar_is_known_by_its_first_header_alone(tmp_path):
    path = packed(tmp_path / "a.tar.gz", block("n", b"A" * 2**25, tarfile.GNUTYPE_LONGNAME), block("a"), END)
    assert peak_of(lambda: is_archive(path)) < 2**21
    assert is_archive(path)
    refuse(path, "bomb")


@pytest.mark.parametrize(
    ("content", "known"), [(END, True), (b"", False), (block("a")[:300], False), (b"no header" * 99, False)]
)
def test_other_files_are_no_tars_and_an_empty_one_is(tmp_path, content, known):
    (tmp_path / "a.tar").write_bytes(content)
    assert is_archive(tmp_path / "a.tar") is known
    assert is_archive(packed(tmp_path / "a.tgz", content)) is known


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_headers_that_together_would_fill_the_memory_are_refused(tmp_path, kind):
    """1.4 MB of 1,500 members took 1.3 GB: tarfile keeps each extended header."""
    header = block("x", record("comment", "A" * 900_000), kind)
    path = packed(tmp_path / "a.tar.gz", *(header + block(f"f{number}") for number in range(30)), END)
    refuse(path, "bomb")


def test_global_headers_that_slow_every_member_are_refused(tmp_path):
    records = b"".join(record(f"key{number}", "") for number in range(2000))
    refuse(packed(tmp_path / "a.tar.gz", extended(records, tarfile.XGLTYPE), block("a"), END), "bomb")


def test_headers_of_an_ordinary_archive_of_many_members_are_read(tmp_path):
    """Archives of macOS and of GNU tar have an extended header for each member."""
    header = extended(record("mtime", "1.5") + record("SCHILY.xattr.user", "v" * 600))
    count = 9000  # of 2 kB each
    path = packed(tmp_path / "a.tar.gz", *(header + block(f"d/{number}") for number in range(count)), END)
    with open_tar(path, AssertionError) as (_, members):
        assert sum(1 for _ in members) == count


@pytest.mark.parametrize("size", ["-1", "-5", "-102400", "-999999999999"])
def test_a_negative_size_does_not_lead_backwards(tmp_path, size):
    """61 kB took hours: tarfile stepped back to a member that it had read (CVE-2025-8194)."""
    filling = block("filling", bytes(2**20))
    path = packed(tmp_path / "a.tar.gz", filling, extended(record("size", size)), block("a", b"abc"), END)
    refuse(path, "cannot be unpacked: (the size of 'a' is negative|its headers lead backwards)")


SLOW = {
    "records inside of records": b"2 " * 2**18 + b"=\n",
    "a long number": b"1" * 2**19,
    "a length beyond the header": b"99999 path=a\n" + b"a" * 600,
    "a length of nothing": b"0 path=a\n" + b"a" * 600,
}


@pytest.mark.parametrize("case", SLOW)
@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
def test_a_header_that_takes_quadratic_time_or_memory_is_refused(tmp_path, case, kind):
    refuse(packed(tmp_path / "a.tar.gz", extended(SLOW[case], kind), block("a"), END), "header is damaged")


def sparse(*parts):
    """A sparse file of 3,000 bytes; version 0.1 states the start and length of each part in a list."""
    numbers = ",".join(str(number) for part in parts for number in part)
    return extended(record("GNU.sparse.map", numbers) + record("GNU.sparse.size", "3000"))


def test_a_sparse_file_is_unpacked_with_its_holes(tmp_path):
    header = sparse((0, 2), (1000, 3), (3000, 0))
    path = packed(tmp_path / "a.tar.gz", header, block("a", b"abcde"), END)
    content = (unpack(path, tmp_path / "out") / "a").read_bytes()
    assert content == b"ab" + bytes(998) + b"cde" + bytes(1997)


@pytest.mark.parametrize("parts", [[(0, -5)], [(-1, 3)], [(10, 5), (0, 5)], [(0, 5), (4, 5)]])
def test_parts_of_a_sparse_file_that_lead_backwards_are_refused(tmp_path, parts):
    refuse(packed(tmp_path / "a.tar.gz", sparse(*parts), block("a", b"abcde"), END), "out of order")


def test_data_that_a_sparse_file_does_not_show_count_as_its_size(tmp_path):
    path = packed(tmp_path / "a.tar.gz", sparse((0, 2)), block("a", bytes(65 * 2**20)), block("b"), END)
    refuse(path, "bomb")
