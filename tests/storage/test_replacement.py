# SPDX-License-Identifier: MIT
"""Files written in one step: whole or not at all, also where several processes write one of them."""

import os
import stat
import threading
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
