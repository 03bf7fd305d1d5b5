# SPDX-License-Identifier: MIT
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg.storage import manifest
from support.examples import examples


@pytest.fixture
def folder(tmp_path):
    """An unpacked archive with two files."""
    (tmp_path / "x" / "d").mkdir(parents=True)
    (tmp_path / "x" / "a").write_text("a")
    (tmp_path / "x" / "d" / "b").write_text("b")
    manifest.write(tmp_path / "x")
    return tmp_path / "x"


def test_each_change_on_disk_is_named(folder):
    assert manifest.changed(folder) == []
    (folder / "a").write_text("other")
    (folder / "d" / "b").unlink()
    (folder / "c").write_text("new")
    assert manifest.changed(folder) == ["a", "c", "d/b"]


def test_an_empty_archive_is_unchanged(tmp_path):
    (tmp_path / "x").mkdir()
    manifest.write(tmp_path / "x")
    assert manifest.changed(tmp_path / "x") == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "d/b", "../a"]), inner),
    max_leaves=5,
)


@given(
    VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary()
    | st.sampled_from([b"[1]", b'"x"', b"5", b'{"a":5}', b"[" * 100_000, b'{"a":' * 50_000, b"\xff", b""])
)
@settings(
    max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_other_manifest_says_that_the_folder_changed(folder, content):
    folder.with_name("x.json").write_bytes(content)
    assert manifest.changed(folder)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links")
def test_a_link_is_a_change_and_is_not_followed(folder, tmp_path):
    (tmp_path / "outside").write_text("a")
    (folder / "a").unlink()
    (folder / "a").symlink_to(tmp_path / "outside")  # with the bytes of the file
    (folder / "e").symlink_to("/")
    assert manifest.changed(folder) == ["a", "e"]
    manifest.write(folder)
    assert manifest.changed(folder) == ["a", "e"]


def test_a_folder_that_is_a_link_counts_as_changed(folder, tmp_path):
    folder.replace(tmp_path / "y")
    folder.symlink_to(tmp_path / "y")
    assert manifest.changed(folder) == ["."]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes")
def test_a_pipe_is_a_change_and_is_not_opened(folder):
    os.mkfifo(folder / "e")
    assert manifest.changed(folder) == ["e"]
    manifest.write(folder)
    assert manifest.changed(folder) == ["e"]


def test_a_file_in_the_place_of_an_empty_archive_is_a_change(tmp_path):
    (tmp_path / "x").mkdir()
    manifest.write(tmp_path / "x")
    (tmp_path / "x").rmdir()
    (tmp_path / "x").write_text("a")
    assert manifest.changed(tmp_path / "x") == ["."]
