# SPDX-License-Identifier: MIT
"""The optional downloader, with a program of the same name and options in its place."""

import hashlib
import sys

import pytest
from msgspec.structs import replace

from fairreg.errors import ChecksumMismatch, MissingEngine, Offline, Unreachable, UsageError
from fairreg.schemas.record import Distribution, ModelRecord, Provenance
from fairreg.services.fetch.zenodo_get import ZenodoGet
from fairreg.settings import Settings
from fairreg.storage.cache import Cache

CONTENT = b"weights"
RECORD = ModelRecord(
    identifier="doi:10.5281/zenodo.1",
    kind="model",
    name="A model",
    provenance=Provenance(source="zenodo", source_id="1"),
)
# Stands for zenodo_get's own `__main__`: the options are those of its --help.
PROGRAM = """
import pathlib, sys
options = sys.argv[1:]
assert options[0] == "1" and options[options.index("-g") + 1] == "org/a b.onnx", options
folder = pathlib.Path(options[options.index("-o") + 1])
pathlib.Path(folder, "a b.onnx").write_bytes({content!r})
sys.exit({code})
"""


@pytest.fixture
def public(tmp_path):
    return Settings.from_environment({"FAIRREG_HOME": str(tmp_path / "home")})


@pytest.fixture
def program(tmp_path, monkeypatch):
    def install(content=CONTENT, code=0):
        folder = tmp_path / "site" / "zenodo_get"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "__main__.py").write_text(PROGRAM.format(content=content, code=code))
        monkeypatch.syspath_prepend(str(folder.parent))
        monkeypatch.setenv("PYTHONPATH", str(folder.parent))

    yield install
    sys.modules.pop("zenodo_get", None)


def distribution(content=CONTENT):
    return Distribution(
        name="org/a b.onnx", size=len(content), checksums=(f"md5:{hashlib.md5(content).hexdigest()}",)
    )


def bring(settings, item):
    return ZenodoGet(settings)(None, Cache(settings.cache), item, RECORD, None)


def test_what_it_brings_is_verified_and_cached(public, program):
    program()
    first = bring(public, distribution())
    assert (first.file.path.read_bytes(), first.verified, first.from_cache) == (CONTENT, True, False)
    assert bring(public, distribution()).from_cache


def test_what_is_not_the_published_file_is_refused(public, program):
    program(content=b"changed")
    with pytest.raises(ChecksumMismatch):
        bring(public, distribution())
    assert Cache(public.cache).info().files == 0


def test_its_failure_is_one_sentence(public, program):
    program(code=1)
    with pytest.raises(Unreachable, match="exit code 1"):
        bring(public, distribution())


def test_it_knows_only_records_of_zenodo(public, program):
    program()
    other = replace(RECORD, provenance=Provenance(source="datacite", source_id="1"))
    with pytest.raises(UsageError, match="is not on Zenodo"):
        ZenodoGet(public)(None, Cache(public.cache), distribution(), other, None)


def test_without_the_extra_it_says_how_to_install_it(public, monkeypatch):
    monkeypatch.setattr("fairreg.services.fetch.zenodo_get.find_spec", lambda _name: None)
    with pytest.raises(MissingEngine):
        ZenodoGet(public)


def test_it_knows_only_the_public_zenodo(settings, program):
    program()
    with pytest.raises(UsageError, match=r"zenodo\.org"):
        ZenodoGet(settings)


def test_it_is_not_started_offline(tmp_path, program):
    program()
    with pytest.raises(Offline):
        ZenodoGet(Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "FAIRREG_OFFLINE": "1"}))
