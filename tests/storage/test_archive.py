# SPDX-License-Identifier: MIT
import bz2
import errno
import gzip
import hashlib
import io
import lzma
import os
import stat
import struct
import tarfile
import unicodedata
import warnings
import zipfile
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError, UnsafeArchive
from fairreg.storage.archive import Limits, is_archive, packed_kind, unpack
from support.examples import examples


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def make_tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def zip_link(name):
    item = zipfile.ZipInfo(name)
    item.external_attr = (stat.S_IFLNK | 0o777) << 16
    return item


def encrypt(path, name):
    """Set the flag of an encrypted member in both of its headers (APPNOTE.TXT, 4.4.4)."""
    data = bytearray(path.read_bytes())
    for signature, flags, start in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        place = data.find(signature)
        while place >= 0:
            if data[place + start : place + start + len(name)] == name:
                data[place + flags] |= 1
            place = data.find(signature, place + 4)
    path.write_bytes(data)


def directory(name):
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE
    return member, b""


def files_in(folder):
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_zip_is_unpacked_with_its_folders(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("top/models/a.onnx", b"abc"), ("top/empty/", b"")])
    folder = unpack(path, tmp_path / "out")
    assert (folder / "top/models/a.onnx").read_bytes() == b"abc"
    assert (folder / "top/empty").is_dir()


def test_a_tar_is_unpacked_with_its_folders(tmp_path):
    path = make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo("./top/a.pth"), b"abc")])
    assert (unpack(path, tmp_path / "out") / "top/a.pth").read_bytes() == b"abc"


def test_an_unpacked_archive_is_not_unpacked_again(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("a", b"abc")])
    folder = unpack(path, tmp_path / "out")
    path.unlink()
    assert unpack(path, tmp_path / "out") == folder


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "C:/x", "C:\\x", "..\\x", "\\\\host\\x", "\\x"]
)
def test_a_zip_member_outside_its_folder_is_refused(tmp_path, name):
    path = make_zip(tmp_path / "a.zip", [("good", b"1"), (zipfile.ZipInfo(name), b"2")])
    refuse(path, tmp_path, "outside its folder")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_a_tar_member_outside_its_folder_is_refused(tmp_path, name):
    refuse(make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo(name), b"2")]), tmp_path, "outside its folder")


TARGETS = ["model.onnx", "top/model.onnx", "/etc/passwd", "../../outside", "."]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_in_a_tar_is_skipped_and_said_and_the_others_are_unpacked(tmp_path, kind, target):
    members = [link("top/latest.onnx", target, kind), (tarfile.TarInfo("top/model.onnx"), b"abc")]
    said = []
    folder = unpack(make_tar(tmp_path / "a.tar.gz", members), tmp_path / "out", log=said.append)
    assert [file.relative_to(folder).as_posix() for file in files_in(folder)] == ["top/model.onnx"]
    assert said == ["Warning: a.tar.gz: 'top/latest.onnx' is a link and was skipped."]


@pytest.mark.parametrize("target", TARGETS)
def test_a_link_in_a_zip_is_skipped_and_said_and_the_others_are_unpacked(tmp_path, target):
    members = [(zip_link("latest.onnx"), target.encode()), ("model.onnx", b"abc")]
    said = []
    folder = unpack(make_zip(tmp_path / "a.zip", members), tmp_path / "out", log=said.append)
    assert [file.name for file in files_in(folder)] == ["model.onnx"]
    assert said == ["Warning: a.zip: 'latest.onnx' is a link and was skipped."]


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "decoy").mkdir()
    members = [link("a", str(tmp_path / "decoy")), (tarfile.TarInfo("a/x"), b"1")]
    folder = unpack(make_tar(tmp_path / "a.tar.gz", members), tmp_path / "out")
    assert (folder / "a/x").read_bytes() == b"1"
    assert not list((tmp_path / "decoy").iterdir())


def test_many_links_are_one_sentence(tmp_path):
    members = [link(f"link{number}", "x") for number in range(500)]
    said = []
    unpack(
        make_tar(tmp_path / "a.tar.gz", [*members, (tarfile.TarInfo("x"), b"")]),
        tmp_path / "out",
        log=said.append,
    )
    assert said == ["Warning: a.tar.gz: 500 members were skipped, such as 'link0', which is a link."]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_tar_of_links_alone_is_refused(tmp_path, kind):
    refuse(make_tar(tmp_path / "a.tar.gz", [link("inside", "/etc/passwd", kind)]), tmp_path, "a link")


def test_a_zip_of_links_alone_is_refused(tmp_path):
    refuse(make_zip(tmp_path / "a.zip", [(zip_link("inside"), b"/etc/passwd")]), tmp_path, "a link")


@pytest.mark.parametrize("name", ["../x", "/etc/x"])
def test_a_link_whose_name_leads_outside_refuses_the_archive(tmp_path, name):
    members = [link(name, "x"), (tarfile.TarInfo("x"), b"1")]
    refuse(make_tar(tmp_path / "a.tar.gz", members), tmp_path, "outside its folder")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_skipped_and_alone_refused(tmp_path, kind):
    device = link("device", "", kind)
    refuse(make_tar(tmp_path / "a.tar.gz", [device]), tmp_path, "device or pipe")
    said = []
    path = make_tar(tmp_path / "a.tar.gz", [device, (tarfile.TarInfo("x"), b"1")])
    assert [file.name for file in files_in(unpack(path, tmp_path / "out", log=said.append))] == ["x"]
    assert said == ["Warning: a.tar.gz: 'device' is a device or pipe and was skipped."]


def test_encrypted_members_are_skipped_and_alone_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("secret", b"1"), ("open", b"2")])
    encrypt(path, b"secret")
    said = []
    assert [file.name for file in files_in(unpack(path, tmp_path / "out", log=said.append))] == ["open"]
    assert said == ["Warning: a.zip: 'secret' is encrypted and was skipped."]
    alone = make_zip(tmp_path / "b.zip", [("secret", b"1")])
    encrypt(alone, b"secret")
    with pytest.raises(UnsafeArchive, match="is encrypted"):
        unpack(alone, tmp_path / "none")


def test_side_files_of_macos_are_not_unpacked(tmp_path):
    names = ["model.onnx", "._model.onnx", "a/._b", "__MACOSX/._model.onnx", "a/__MACOSX/x", "a/_b", "b._c"]
    said = []
    path = make_zip(tmp_path / "a.zip", [(name, b"1") for name in names])
    folder = unpack(path, tmp_path / "out", log=said.append)
    found = [file.relative_to(folder).as_posix() for file in files_in(folder)]
    assert (found, said) == (["a/_b", "b._c", "model.onnx"], [])


@pytest.mark.long
def test_a_bomb_of_one_gibibyte_in_one_mebibyte_is_refused(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as member:
        block = bytes(2**24)
        for _ in range(64):
            member.write(block)
    assert path.stat().st_size < 1.1 * 2**20
    refuse(path, tmp_path, "bomb")


def test_a_bomb_that_lies_about_its_size_is_refused_while_it_grows(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("zeros", bytes(200_000))])
    data = bytearray(path.read_bytes())
    real, stated = (200_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(data.replace(real, stated))
    with pytest.raises(UnsafeArchive):
        unpack(path, tmp_path / "out", limits=Limits(free=1000, ratio=1))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("a.csv", "a.csv"), "a.csv"),
        (("a", "a/b"), "a"),
        (("a/b", "a"), "a"),
        (("Model.onnx", "model.onnx"), "Model.onnx"),
        (("m/gr\u00fcn", "m/gru\u0308n"), None),
        (("a.", "a"), "a"),
    ],
)
def test_members_on_one_path_of_some_disk_are_unpacked_under_names_that_differ(tmp_path, names, kept):
    with warnings.catch_warnings(action="ignore"):
        path = make_zip(
            tmp_path / "a.zip", [(name, str(number).encode()) for number, name in enumerate(names)]
        )
    said = []
    folder = unpack(path, tmp_path / "out", log=said.append)
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files_in(folder)}
    assert sorted(found.values()) == [b"0", b"1"]
    assert kept is None or kept in found
    keys = {unicodedata.normalize("NFC", name).casefold() for name in found}
    assert len(keys) == 2
    assert ["is unpacked as" in sentence for sentence in said] == [True]


@pytest.mark.parametrize(
    ("name", "place"),
    [("aux.py", "_aux.py"), ("logs/a:b?.txt", "logs/a_b_.txt"), ("dir\\model.onnx", "dir/model.onnx")],
)
def test_names_that_windows_does_not_take_are_changed_and_named(tmp_path, name, place):
    path = make_zip(tmp_path / "a.zip", [(zipfile.ZipInfo(name), b"1"), ("b", b"2"), (".hidden", b"3")])
    said = []
    folder = unpack(path, tmp_path / "out", log=said.append)
    found = {file.relative_to(folder).as_posix() for file in files_in(folder)}
    assert found == {place, "b", ".hidden"}
    renamed = [f"Warning: a.zip: {name!r} is unpacked as {place!r}, which every file system takes."]
    assert said == ([] if "\\" in name else renamed)  # Windows' separator is no other name


def test_an_empty_folder_and_a_file_of_its_name_are_both_there(tmp_path):
    path = make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo("a"), b"1"), directory("a"), directory("b")])
    folder = unpack(path, tmp_path / "out")
    assert (folder / "a").read_bytes() == b"1"
    assert sorted(item.name for item in folder.iterdir() if item.is_dir())[-1:] == ["b"]


def test_too_many_members_are_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [(str(number), b"") for number in range(20)])
    with pytest.raises(UnsafeArchive, match="members"):
        unpack(path, tmp_path / "out", limits=Limits(members=10))


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_damaged_archive_is_one_sentence_and_leaves_nothing(tmp_path, cut):
    path = make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo("a"), bytes(range(256)) * 400)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    refuse(path, tmp_path, "cannot be unpacked")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60))
@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=12), st.binary(max_size=20)), max_size=4), st.randoms()
)
def test_whatever_the_names_nothing_is_written_outside(tmp_path_factory, members, random):
    room = tmp_path_factory.mktemp("room")
    path = room / "a.zip"
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            place = random.choice(["", "../", "/", "a/"]) + name
            archive.writestr(zipfile.ZipInfo(place.encode("utf-8", "replace").decode()), content)
    try:
        unpack(path, room / "out")
    except FairregError:
        assert not (room / "out").exists()
    assert {item.name for item in room.iterdir()} <= {"a.zip", "out", "out.json"}


def test_a_zip_member_without_a_name_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [(zipfile.ZipInfo("\0nothing is left of this name"), b"x")])
    refuse(path, tmp_path, "leads outside its folder")


def test_weights_of_pytorch_are_no_archive(tmp_path):
    assert not is_archive(make_zip(tmp_path / "a.pth", [("archive/data.pkl", b"x")]))
    assert is_archive(make_zip(tmp_path / "a.zip", [("a.pkl", b"x")]))
    (tmp_path / "b.tar.gz").write_bytes(b"not a tar")
    assert not is_archive(tmp_path / "b.tar.gz")


def refuse(path, room, match):
    with pytest.raises(UnsafeArchive, match=match) as caught:
        unpack(path, room / "out")
    assert caught.value.exit_code == 3
    assert {item.name for item in room.iterdir()} == {path.name}


def test_an_unpacked_archive_that_was_changed_on_disk_is_unpacked_again(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("top/a.onnx", b"abc"), ("top/b.onnx", b"def")])
    folder = unpack(path, tmp_path / "out")
    for change in (lambda: (folder / "top/a.onnx").write_bytes(b"xyz"), (folder / "top/b.onnx").unlink):
        change()
        unpack(path, tmp_path / "out")
        assert (folder / "top/a.onnx").read_bytes() == b"abc"
        assert (folder / "top/b.onnx").read_bytes() == b"def"
    (folder / "added").write_bytes(b"1")
    assert not (unpack(path, tmp_path / "out") / "added").exists()


def test_formats_that_are_zip_files_inside_are_no_archives(tmp_path):
    for name in ("jets.npz", "model.keras", "notes.docx"):
        assert not is_archive(make_zip(tmp_path / name, [("a.npy", bytes(1000))]))


def test_a_list_of_members_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path):
    """The end record of a zip states the size of the list, which zipfile reads in one piece."""
    path, size = tmp_path / "a.zip", 17 * 2**20
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 4, 0)
    path.write_bytes(b"PK\3\4" + bytes(size) + end)
    assert is_archive(path)
    refuse(path, tmp_path, "bomb")


def test_a_huge_header_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "a.tar.gz"
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 40 * 2**20
    with gzip.open(path, "wb") as out:
        out.write(member.tobuf(tarfile.GNU_FORMAT) + bytes(member.size))
    refuse(path, tmp_path, "bomb")


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
@given(content=st.binary(max_size=400), cut=st.integers(0, 300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
def test_damage_of_any_kind_is_refused_or_harmless(tmp_path_factory, suffix, content, cut):
    room = tmp_path_factory.mktemp("room")
    path = room / f"a{suffix}"
    if suffix == ".zip":
        make_zip(path, [("a", b"abc" * 50)])
    else:
        with tarfile.open(path, f"w:{suffix.rpartition('.')[2]}") as archive:
            member = tarfile.TarInfo("a")
            member.size = 150
            archive.addfile(member, io.BytesIO(b"abc" * 50))
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + content + whole[cut + len(content) :])
    if is_archive(path):
        try:
            unpack(path, room / "out")
        except FairregError:
            assert not (room / "out").exists()


def test_too_many_members_of_a_tar_are_refused_as_such(tmp_path):
    path = make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo(str(number)), b"") for number in range(20)])
    with pytest.raises(UnsafeArchive, match="more than 10 members"):
        unpack(path, tmp_path / "out", limits=Limits(members=10))


def test_a_zip_without_its_end_is_a_damaged_archive(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("a", b"abc" * 500), ("b", b"abc")])
    path.write_bytes(path.read_bytes()[:60])
    assert is_archive(path)
    refuse(path, tmp_path, "a.zip cannot be unpacked: its end, with the list of its members, is missing")


def test_a_file_that_is_a_tar_and_a_zip_is_what_its_name_says(tmp_path):
    path = make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo("of-tar"), b"1")])
    path.write_bytes(path.read_bytes() + make_zip(tmp_path / "b.zip", [("of-zip", b"2")]).read_bytes())
    assert is_archive(path)
    try:
        assert [file.name for file in files_in(unpack(path, tmp_path / "out"))] == ["of-tar"]
    except UnsafeArchive:
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("head", "name", "words"),
    [
        (b"7z\xbc\xaf\x27\x1c", "model.7z", "a 7z archive"),
        (b"7z\xbc\xaf\x27\x1c", "model.bin", "a 7z archive"),
        (b"Rar!\x1a\x07\x00", "model.rar", "a RAR archive"),
        (b"Rar!\x1a\x07\x01\x00", "MODEL.RAR", "a RAR archive"),
        (b"\x28\xb5\x2f\xfd", "model.tar.zst", "compressed with Zstandard"),
        (b"\x04\x22\x4d\x18", "model.tar.lz4", "compressed with LZ4"),
        (b"\x1f\x8b\x08", "model.onnx.gz", "compressed with gzip"),
        (b"BZh91AY&SY", "model.onnx.bz2", "compressed with bzip2"),
        (b"BZh is a text", "notes.txt", None),
        (b"\xfd7zXZ\0", "model.onnx.xz", "compressed with xz"),
        (b"other", "model.tar.zst", "compressed with Zstandard"),
        (b"other", "model.zip", "not the archive that its name says"),
        (b"other", "model.tar.gz", "not the archive that its name says"),
        (b"other", "model.7z.001", "a part of a split archive"),
        (b"other", "model.part1.rar", "a part of a split archive"),
        (b"other", "model.onnx", None),
        (b"", "empty", None),
    ],
)
def test_packed_files_that_stay_closed_are_known_by_content_or_name(tmp_path, head, name, words):
    path = tmp_path / "file"
    path.write_bytes(head + bytes(60))
    assert packed_kind(path, name) == words


MEMBER_KINDS = [
    tarfile.REGTYPE,
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
    b"?",
]
PARTS = st.sampled_from(
    ["a", "A", "b", ".", "..", "._a", "__MACOSX", "con", "x ", "\u00e9", "e\u0301", "a:b", ""]
)
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@given(st.lists(st.tuples(PATHS, st.sampled_from(MEMBER_KINDS), PATHS), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150))
def test_whatever_the_members_only_files_and_folders_are_made_and_each_file_once(tmp_path_factory, members):
    room = tmp_path_factory.mktemp("room")
    path, kept = room / "a.tar", []
    with tarfile.open(path, "w") as archive:
        for number, (name, kind, target) in enumerate(members):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            content = str(number).encode() if kind == tarfile.REGTYPE else b""
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
            parts = name.split("/")
            if content and name.strip("./") and "__MACOSX" not in parts and not parts[-1].startswith("._"):
                kept.append(content)
    try:
        folder = unpack(path, room / "out")
    except FairregError:
        assert not (room / "out").exists()
        return
    assert all(file.is_dir() or file.is_file() for file in folder.rglob("*"))
    assert sorted(file.read_bytes() for file in files_in(folder)) == sorted(kept)
    assert {item.name for item in room.iterdir()} <= {"a.tar", "out", "out.json"}


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt", "x")
    left = tmp_path / "cache" / ".b.0123456789ab.part"
    left.mkdir(parents=True)
    (left / "half.bin").write_bytes(bytes(1000))
    unpack(tmp_path / "a.zip", tmp_path / "cache" / "a")
    assert not left.exists()
    assert [path.name for path in (tmp_path / "cache" / "a").iterdir()] == ["x.txt"]


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
MANY_BYTES = hashlib.shake_256(b"x").digest(2_500_000)  # several blocks of bzip2


def with_damage(path, share):
    content = bytearray(path.read_bytes())
    middle = int(share * len(content))
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    return path


@cache
def tar_of_many_bytes(suffix):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name in ("first.bin", "second.bin"):
            member = tarfile.TarInfo(name)
            member.size = len(MANY_BYTES)
            archive.addfile(member, io.BytesIO(MANY_BYTES))
    return PACKERS[suffix](plain.getvalue())


def damaged_tar(path, suffix, share):
    path.write_bytes(tar_of_many_bytes(suffix))
    return with_damage(path, share)


@pytest.mark.sliced(3)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("suffix", PACKERS)
def test_damage_in_a_later_block_is_that_of_the_archive(tmp_path, suffix, share):
    path = damaged_tar(tmp_path / f"a.tar.{suffix}", suffix, share)
    with pytest.raises(UnsafeArchive, match=f"a.tar.{suffix} cannot be unpacked: ") as refused:
        unpack(path, tmp_path / "cache" / "a")
    assert "written" not in refused.value.message
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_in_a_member_of_a_zip_is_that_of_the_archive(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("x.bin", MANY_BYTES)
    path = with_damage(tmp_path / "a.zip", 0.6)
    with pytest.raises(UnsafeArchive, match=r"a\.zip cannot be unpacked: "):
        unpack(path, tmp_path / "cache" / "a")


def test_damage_in_the_first_block_is_said_and_not_passed_over(tmp_path):
    path = damaged_tar(tmp_path / "a.tar.bz2", "bz2", 0.0001)
    assert is_archive(path)
    with pytest.raises(UnsafeArchive):
        unpack(path, tmp_path / "cache" / "a")


def test_a_fault_of_the_disk_while_reading_names_the_archive_and_the_disk(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.bin", b"x")

    def broken(_file, _size=-1):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(zipfile.ZipExtFile, "read", broken)
    with pytest.raises(FairregError, match=r"a\.zip cannot be read: Input/output error") as refused:
        unpack(tmp_path / "a.zip", tmp_path / "cache" / "a")
    assert refused.value.exit_code == 1


def test_bytes_behind_a_packed_tar_are_ignored(tmp_path):
    path = make_tar(tmp_path / "a.tar.gz", [(tarfile.TarInfo("x.txt"), b"x")])
    with path.open("ab") as file:
        file.write(b"a signature")
    assert [item.name for item in unpack(path, tmp_path / "a").iterdir()] == ["x.txt"]


def three_members() -> bytearray:
    """Three files of 1,000 bytes: headers at 0, 1,536 and 3,072."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for number in range(3):
            member = tarfile.TarInfo(f"f{number}.txt")
            member.size = 1000
            archive.addfile(member, io.BytesIO(bytes([65 + number]) * 1000))
    return bytearray(plain.getvalue())


@pytest.mark.parametrize("packer", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_damaged_header_behind_the_first_is_not_the_end_of_the_archive(tmp_path, packer):
    damaged = three_members()
    damaged[1536 + 148 : 1536 + 156] = b"00000000"
    (tmp_path / "a.tar.gz").write_bytes(packer(bytes(damaged)))
    with pytest.raises(UnsafeArchive, match="a header is damaged"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "cache" / "a")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("packer", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_that_is_cut_inside_a_header_is_refused(tmp_path, packer):
    (tmp_path / "a.tar.gz").write_bytes(packer(bytes(three_members()[: 1536 + 300])))
    with pytest.raises(UnsafeArchive, match="the archive is cut"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "cache" / "a")


def test_an_archive_without_blocks_of_zeros_at_its_end_is_whole(tmp_path):
    (tmp_path / "a.tar").write_bytes(three_members()[: 3 * 1536])
    folder = unpack(tmp_path / "a.tar", tmp_path / "a")
    assert sorted(path.name for path in folder.iterdir()) == ["f0.txt", "f1.txt", "f2.txt"]


def test_a_flipped_bit_of_a_packed_tar_never_makes_it_another_kind_of_file(tmp_path):
    content = bytes(item % 64 for item in MANY_BYTES[:400_000])
    for suffix in PACKERS:
        whole = packed_tar(content, suffix)
        for place in range(20, len(whole) - 20, len(whole) // 12):
            path = tmp_path / f"a.tar.{suffix}"
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            assert is_archive(path), (suffix, place)
            with pytest.raises(UnsafeArchive):
                unpack(path, tmp_path / "cache" / "a")


def packed_tar(content: bytes, suffix: str) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo("x.bin")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return PACKERS[suffix](plain.getvalue())
