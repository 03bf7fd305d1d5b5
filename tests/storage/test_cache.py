# SPDX-License-Identifier: MIT
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import FairregError
from fairreg.storage.cache import Cache
from fairreg.storage.file_names import safe_name

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
