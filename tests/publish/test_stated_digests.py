# SPDX-License-Identifier: MIT
"""Digests in the texts beside a file that gets its identifier: statements follow it, and history stays."""

import hashlib
import json

import pytest

from fairreg.schemas.identifiers import Identifier
from fairreg.services.publish.identifier.earlier_versions import EarlierVersions
from fairreg.services.publish.identifier.writing import write_into
from support.publishing import onnx_bytes

DOI = Identifier("doi", "10.5281/zenodo.7")
MODEL = onnx_bytes()
OLD, OLD_MD5, SIZE = hashlib.sha256(MODEL).hexdigest(), hashlib.md5(MODEL).hexdigest(), len(MODEL)


@pytest.fixture
def beside(tmp_path):
    """The text, and the notes, of a file beside a model that got its identifier."""

    def call(name, content, **versions):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / "toy.onnx").write_bytes(MODEL)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        notes = write_into(tmp_path, (name, "models/toy.onnx"), DOI, **versions).notes
        return path.read_bytes(), [note for note in notes if "digest" in note]

    return call


def filled(text, model):
    """A text with the digests and the size of a model."""
    sha256, md5 = hashlib.sha256(model).hexdigest(), hashlib.md5(model).hexdigest()
    return text.replace("SHA", sha256).replace("MD", md5).replace("SIZE", f"{len(model)}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SUMS", "SHA  models/toy.onnx\n"),
        ("SUMS", "sha256 (models/toy.onnx) = SHA\n"),
        ("toy.onnx.sha256", "SHA\n"),
        ("docs/model.md", "# T\n\n| file | sha-256 |\n|---|---|\n| `toy.onnx` | SHA |\n"),
        ("docs/model.md", "# T\n\n## Changes\n\n## Files\n\nThe sum of models/toy.onnx is SHA.\n"),
        ("docs/model.md", "# T\n\nmodels/toy.onnx\n\n- sha256: SHA\n- md5: MD\n"),
        ("test_model.py", 'MODEL_SUM = "SHA"  # of the weights\n'),
        ("models/toy.onnx.dvc", "outs:\n- md5: MD\n  size: SIZE\n  hash: md5\n  path: toy.onnx\n"),
        ("files.yaml", "- path: toy.onnx\n  size: SIZE\n\n  sha256: SHA\n"),
        ("files.toml", '[model]\nsize = SIZE\nsha256 = "SHA"\n'),
        ("toy.pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:SHA\nsize SIZE\n"),
        ("files.json", '{"SHA": {"digest": "sha256:SHA", "contentSize": "SIZE B"}}'),
    ],
)
def test_a_statement_on_the_model_follows_it(beside, tmp_path, name, text):
    content, notes = beside(name, filled(text, MODEL))
    assert content.decode() == filled(text, (tmp_path / "models" / "toy.onnx").read_bytes())
    assert not notes


def test_a_digest_in_upper_case_follows_as_well(beside):
    assert OLD not in beside("SUMS", f"{OLD.upper()} toy.onnx\n")[0].decode().lower()


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("CHANGELOG.md", f"# 0.9\n\nThe sha256 of toy.onnx is {OLD}.\n", 3),
        ("docs/release-notes.rst", f"toy.onnx {OLD}\n", 1),
        ("docs/model.md", f"# T\n\n## Changes\n\n### 0.9\n\ntoy.onnx: {OLD}\n", 7),
        ("notes.txt", f"Without an identifier toy.onnx had the sha256 {OLD}.\n", 1),
        ("notes.txt", f"It is the same file as that of our workshop, {OLD}\n", 1),
        ("files.yaml", f"previous_sha256: {OLD}\n", 1),
        ("files.json", json.dumps({"note": f"toy.onnx was {OLD}"}), 1),
    ],
)
def test_what_tells_of_the_earlier_file_stays_and_is_named(beside, name, text, line):
    content, notes = beside(name, text)
    assert OLD in content.decode()
    stays = f"{name}, line {line}, has the earlier digest of models/toy.onnx, and stays as it is"
    assert any(note.startswith(stays) for note in notes)


FIRST = "10.5281/zenodo.5"
PUBLISHED = EarlierVersions(frozenset({FIRST}), frozenset({OLD}), "1.1")
ENTRY = f'"file": "toy.onnx", "sha256": "{OLD}"'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", f'{{"versions": [{{"version": "1.0", {ENTRY}}}]}}'),
        ("manifest.json", f'{{"versions": [{{"doi": "{FIRST}", "files": [{{{ENTRY}}}]}}]}}'),
        ("manifest.json", f'{{"v1.0": {{{ENTRY}}}, "v1.1": {{}}}}'),
        ("manifest.json", f'{{"identifier": {{"value": "https://doi.org/{FIRST}"}}, {ENTRY}}}'),
        ("models.yaml", f"- version: '1.0'\n  file: toy.onnx\n  sha256: {OLD}\n"),
        ("models.yaml", f"- doi: {FIRST}\n  files:\n    - file: toy.onnx\n      sha256: {OLD}\n"),
        ("VERSIONS.csv", f"version,file,sha256\n1.0,toy.onnx,{OLD}\n"),
        ("SUMS", f"{OLD}  toy.onnx  https://doi.org/{FIRST}\n"),
        ("docs/model.md", f"| version | file | sha |\n|---|---|---|\n| 1.0 | toy.onnx | {OLD} |\n"),
        ("docs/model.md", f"# T\n\n## Version 1.0\n\n- toy.onnx: {OLD}\n"),
    ],
)
def test_a_digest_beside_an_earlier_version_stays_and_is_named(beside, name, text):
    content, notes = beside(name, text, earlier={FIRST}, versions=PUBLISHED)
    assert content.decode() == text
    assert any("has the earlier digest of models/toy.onnx, and stays" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", '{"versions": [{"version": "1.1", "file": "toy.onnx", "sha256": "SHA"}]}'),
        ("manifest.json", f'{{"old": {{"doi": "{FIRST}"}}, "new": {{"file": "toy.onnx", "sha256": "SHA"}}}}'),
        ("models.yaml", f"- doi: {FIRST}\n  version: '1.0'\n- version: '1.1'\n  sha256: SHA\n"),
        ("VERSIONS.csv", "version,file,sha256\n1.1,toy.onnx,SHA\n"),
        ("docs/model.md", "# T\n\n## Version 1.1\n\n- toy.onnx: SHA\n"),
        ("SUMS", "SHA  v1.0/toy.onnx\n"),
        ("manifest.json", '{"version": 2, "revision": "abc", "file": "toy.onnx", "sha256": "SHA"}'),
        ("docs/model.md", f"doi: {FIRST}\n\nIt replaces that.\n\n- toy.onnx: SHA\n"),
        ("test_model.py", 'VERSION = "1.0"\nMODEL_SUM = "SHA"\n'),
        ("fair4ml.jsonld", f'{{"version": "1.0", "url": "https://doi.org/{FIRST}", "sha256": "SHA"}}'),
    ],
)
def test_a_digest_of_this_version_follows_beside_earlier_ones(beside, tmp_path, name, text):
    """Also in metadata about this version whose number was not raised yet."""
    content, _ = beside(name, filled(text, MODEL), earlier={FIRST}, versions=PUBLISHED)
    assert hashlib.sha256((tmp_path / "models" / "toy.onnx").read_bytes()).hexdigest() in content.decode()
    assert OLD not in content.decode()


def test_a_digest_that_no_earlier_version_had_follows_whatever_the_number(beside):
    """Such as of a model that was trained anew, in a list with a version of its own layout."""
    others = PUBLISHED._replace(digests=frozenset({"0" * 64}))
    text = f'{{"version": "2.0", {ENTRY}}}'
    assert OLD not in beside("manifest.json", text, earlier={FIRST}, versions=others)[0].decode()


def test_sizes_of_other_files_in_the_same_list_stay(beside):
    text = f"- md5: {OLD_MD5}\n  size: {SIZE}\n- md5: {'0' * 32}\n  size: {SIZE}\n"
    written = beside("files.yaml", text)[0].decode().splitlines()
    assert written[1] != f"  size: {SIZE}"
    assert written[3] == f"  size: {SIZE}"


@pytest.mark.parametrize(
    "content",
    [
        f"{OLD}  models/toy.onnx\n".encode("utf-16"),
        f"# Prüfsummen\n{OLD}  models/toy.onnx\n".encode("latin-1"),
        json.dumps({"sha256": OLD, "pad": "x" * (1 << 20)}).encode(),
    ],
)
def test_a_text_that_is_not_edited_is_named_where_its_digest_is_the_earlier_one(beside, content):
    written, notes = beside("sums.txt", content)
    assert written == content
    assert notes == ["sums.txt states the earlier digest of models/toy.onnx. Correct it yourself."]
