# SPDX-License-Identifier: MIT
"""Files written in one step: whole or not at all, also where several processes write one of them."""

import os
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairreg.storage.files import replacing


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    with replacing(tmp_path / "out.json") as draft:
        draft.write_text("half")
        assert not (tmp_path / "out.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_after_an_error_the_previous_content_is_there_and_no_draft(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    with pytest.raises(FileExistsError), replacing(target) as draft:
        draft.touch(exist_ok=False)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    target, both = tmp_path / "out", threading.Barrier(4)

    def write(letter: str) -> None:
        with replacing(target) as draft:
            draft.write_text(letter * 1000)
            both.wait()  # all drafts exist at the same time

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert target.read_text() in {letter * 1000 for letter in "abcd"}
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="modes and devices of POSIX")
def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    with replacing(tmp_path / "a") as draft:
        draft.write_bytes(b"")
    (tmp_path / "b").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="modes and devices of POSIX")
def test_a_pipe_is_written_in_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with replacing(pipe) as draft, draft.open("wb") as out:
        out.write(b"content")
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_name_that_fills_the_limit_has_a_draft(tmp_path: Path) -> None:
    with replacing(tmp_path / ("ü" * 120)) as draft:
        draft.write_bytes(b"x")
    assert (tmp_path / ("ü" * 120)).read_bytes() == b"x"


# Says when the draft is there, and waits.
WRITING = """
import sys, time
from pathlib import Path
from fairreg.storage.files import replacing
from fairreg.storage.replacement import draft_folder_of
make = {"file": replacing, "folder": draft_folder_of}[sys.argv[2]]
with make(Path(sys.argv[1])) as draft:
    (draft / "inner" if draft.is_dir() else draft).write_bytes(b"half")
    print("begun", flush=True)
    time.sleep(1000)
"""
WHOLE = """
import sys
from pathlib import Path
from fairreg.storage.files import replacing
with replacing(Path(sys.argv[1])) as draft:
    draft.write_bytes(b"whole")
"""
has_locks = pytest.mark.skipif(os.name != "posix", reason="locks of POSIX systems")


@pytest.fixture
def begun_in(tmp_path: Path) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Begins to write a file or a folder in `tmp_path`, and waits there."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(kind: str) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-c", WRITING, str(tmp_path / "one.json"), kind]
        process = subprocess.Popen(words, stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def write_another(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", WHOLE, str(folder / "other.json")], check=True)
    assert (folder / "other.json").read_bytes() == b"whole"


@has_locks
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_is_removed_by_the_next_one_that_writes_there(
    begun_in: Callable[[str], "subprocess.Popen[bytes]"], tmp_path: Path, kind: str
) -> None:
    process = begun_in(kind)
    process.kill()
    process.wait()
    assert [path.name.endswith(".part") for path in tmp_path.iterdir()] == [True]
    write_another(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


@has_locks
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_living_process_writes_stays(
    begun_in: Callable[[str], "subprocess.Popen[bytes]"], tmp_path: Path, kind: str
) -> None:
    begun_in(kind)
    before = set(tmp_path.iterdir())
    write_another(tmp_path)
    assert set(tmp_path.iterdir()) - before == {tmp_path / "other.json"}
    assert before < set(tmp_path.iterdir())


@has_locks
def test_pipes_links_and_files_of_others_are_left_alone(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "outside"
    inside.mkdir()
    outside.write_bytes(b"kept")
    os.mkfifo(inside / ".a.0123456789ab.part")
    (inside / ".b.0123456789ab.part").symlink_to(outside)
    for name in ("c.0123456789ab.part", ".d.0123456789.part", ".e.part", ".f.0123456789AB.part"):
        (inside / name).write_bytes(b"kept")
    before = set(inside.iterdir())
    write_another(inside)
    assert set(inside.iterdir()) == before | {inside / "other.json"}
    assert outside.read_bytes() == b"kept"


# Ends itself, as SIGKILL does, when a file is about to get its name.
KILLED = """
import os, signal, sys
from pathlib import Path
name, replace = sys.argv[1], Path.replace
def killed(self, target):
    if Path(target).name == name:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = killed
"""
EXPORT = "from fairreg.cli.start import main; sys.argv = ['fairreg', 'export', sys.argv[2]]; main()"
UNPACK = "from fairreg.storage.archive import unpack; unpack(Path(sys.argv[2]), Path(sys.argv[3]))"


@has_locks
@pytest.mark.engines("sqlite")
def test_an_export_that_was_killed_and_repeated_leaves_the_export_alone(tmp_path: Path) -> None:
    target, environment = (
        tmp_path / "out" / "all.jsonl",
        {**os.environ, "FAIRREG_HOME": str(tmp_path / "home")},
    )
    target.parent.mkdir()
    for name, code in (("all.jsonl", -signal.SIGKILL), ("no such file", 0)):
        words = [sys.executable, "-c", KILLED + EXPORT, name, str(target)]
        assert subprocess.run(words, env=environment, capture_output=True, check=False).returncode == code
        assert len(list(target.parent.iterdir())) == 1
    assert [path.name for path in target.parent.iterdir()] == ["all.jsonl"]


@has_locks
@pytest.mark.parametrize("killed_at", ["extracted", "extracted.json"])
def test_unpacking_that_was_killed_leaves_nothing_behind_another_archive(
    tmp_path: Path, killed_at: str
) -> None:
    for name in "ab":
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr("x.txt", name)
    folder = tmp_path / "cache"
    for name, place, code in (("a", "extracted", -signal.SIGKILL), ("b", "other", 0)):
        words = [sys.executable, "-c", KILLED + UNPACK, killed_at, tmp_path / f"{name}.zip", folder / place]
        assert subprocess.run(words, check=False).returncode == code
    whole = {"other", "other.json"}
    assert {path.name for path in folder.iterdir()} - {"extracted"} == whole
