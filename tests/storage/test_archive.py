# SPDX-License-Identifier: MIT
import gzip
import io
import stat
import tarfile
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError, UnsafeArchive
from fairreg.storage.archive import Limits, is_archive, unpack
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


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_are_refused(tmp_path, kind):
    refuse(make_tar(tmp_path / "a.tar.gz", [link("inside", "/etc/passwd", kind)]), tmp_path, "a link")


def test_links_in_a_zip_are_refused(tmp_path):
    refuse(make_zip(tmp_path / "a.zip", [(zip_link("inside"), b"/etc/passwd")]), tmp_path, "a link")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(tmp_path, kind):
    refuse(make_tar(tmp_path / "a.tar.gz", [link("device", "", kind)]), tmp_path, "device or pipe")


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


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a")])
def test_members_in_the_way_of_each_other_are_refused(tmp_path, names):
    with warnings.catch_warnings(action="ignore"):
        path = make_zip(tmp_path / "a.zip", [(name, b"1") for name in names])
    refuse(path, tmp_path, "conflicts with|cannot be")


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
