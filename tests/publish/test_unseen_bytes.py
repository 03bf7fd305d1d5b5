# SPDX-License-Identifier: MIT
"""Nothing becomes public but the bytes that were searched for secrets and shown in the question."""

import hashlib

import pytest

from fairreg.errors import FairregError, SecurityRefusal
from fairreg.services.publish.local_files.reading import changed_since, read_file
from fairreg.services.publish.local_files.secret_texts import SecretSearch

TOKEN = "hf_" + "b" * 30 + "12ab"
TRAIN = "src/toy/train.py"


@pytest.fixture
def public(hub):
    """A public repository, in which a commit is public at once."""
    return hub.create("lab/toy", private=False)


def once(change):
    """Make a change at the first call only."""
    done = []

    def call(*_):
        if not done:
            done.append(True)
            change()

    return call


@pytest.mark.parametrize("step", ["/api/records", "pids/doi"])
def test_a_token_that_is_saved_after_the_choice_of_the_files_is_not_sent(run, stand, folder, step):
    save = once(lambda: (folder / TRAIN).write_text(f"login('{TOKEN}')\n"))
    stand.before = lambda _method, path: save() if path.endswith(step) else None
    with pytest.raises(FairregError, match=r"src/toy/train\.py holds an access token or a private key since"):
        run()
    assert not stand.published()
    (draft,) = stand.records.values()
    assert TRAIN not in draft.files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (TRAIN, "print('other')\n"),
        (".zenodo.json", '{"title": "A toy tagger", "access_right": "restricted"}'),
        ("ro-crate-metadata.json", "{"),
    ],
)
def test_a_folder_that_changes_while_the_question_stands_is_not_published(run, stand, folder, name, text):
    run.answer = lambda: (folder / name).write_text(text)
    with pytest.raises(FairregError, match="changed in the folder while the question stood"):
        run(exclude=("ro-crate-metadata.json",))
    assert not stand.published()


def test_a_file_that_is_only_saved_again_while_the_question_stands_is_published(run, stand, folder):
    run.answer = lambda: (folder / TRAIN).write_bytes((folder / TRAIN).read_bytes())
    run()
    assert stand.published()


def test_a_public_repository_gets_no_file_that_changed_while_the_question_stood(push, run, public, folder):
    run.answer = lambda: (folder / TRAIN).write_text(f"key = '{TOKEN}'\n")
    with pytest.raises(FairregError, match=r"train\.py holds an access token"):
        push(version_of="lab/toy")
    assert set(public.files) == {".gitattributes"}


@pytest.mark.parametrize("link", ["LICENSE", "src/toy"])
def test_a_public_repository_gets_no_file_that_a_link_took_the_place_of(
    push, run, public, folder, link, tmp_path
):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "train.py").write_text("outside")

    def swap():
        (folder / link).rename(tmp_path / "before")
        (folder / link).symlink_to(tmp_path / "outside" / ("train.py" if link == "LICENSE" else ""))

    run.answer = swap
    with pytest.raises(SecurityRefusal, match="is a link, which is not followed"):
        push(version_of="lab/toy")
    assert set(public.files) == {".gitattributes"}


@pytest.mark.parametrize("name", [TRAIN, "models/toy.onnx"])
def test_a_public_repository_gets_the_bytes_of_the_question_though_a_file_changes_in_the_commit(
    push, hub, public, folder, name
):
    before = (folder / name).read_bytes()
    change = once(lambda: (folder / name).write_bytes(TOKEN.encode()))
    hub.before = lambda _method, path: change() if path.endswith("/commit/main") else None
    report = push(version_of="lab/toy")
    assert [files.get(name) for files in public.commits.values()] == [None, before]
    assert report.deposit.files[name] == hashlib.sha256(before).hexdigest()


def test_a_large_file_that_changes_while_it_is_sent_is_in_no_commit(push, hub, public, folder, monkeypatch):
    monkeypatch.setattr("fairreg.publish.huggingface.local_bytes.SMALL", 10)
    large = folder / "models" / "toy.onnx"
    change = once(lambda: large.write_bytes(b"x" * large.stat().st_size))
    hub.before = lambda _method, path: change() if "/preupload/" in path else None
    with pytest.raises(FairregError):
        push(version_of="lab/toy")
    assert all("models/toy.onnx" not in files for files in public.commits.values())


def test_a_link_is_not_sent_to_a_draft(run, stand, folder, tmp_path):
    (tmp_path / "outside.txt").write_text("x" * len("MIT License\n"))

    def swap():
        (folder / "LICENSE").unlink()
        (folder / "LICENSE").symlink_to(tmp_path / "outside.txt")

    change = once(swap)
    stand.before = lambda method, path: change() if method == "POST" and path.endswith("/files") else None
    with pytest.raises(FairregError, match="cannot be read"):
        run()
    assert not stand.published()


def test_a_link_that_took_the_place_of_a_file_gets_no_identifier(run, stand, folder, tmp_path):
    outside = tmp_path / "outside.md"
    outside.write_text("# Of somebody else\n")

    def swap():
        (folder / "README.md").unlink()
        (folder / "README.md").symlink_to(outside)

    change = once(swap)
    stand.before = lambda _method, path: change() if path.endswith("pids/doi") else None
    with pytest.raises(SecurityRefusal, match=r"README\.md is a link, which is not followed"):
        run()
    assert (folder / "README.md").is_symlink()
    assert outside.read_text() == "# Of somebody else\n"


def test_a_secret_is_found_in_the_read_that_computes_the_digests(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x " * (SecretSearch.piece // 2 - 10) + f" {TOKEN} ".encode())
    with pytest.raises(FairregError, match="holds an access token"):
        read_file(tmp_path, "a.txt", ())
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(FairregError, match="holds an access token"):
        read_file(tmp_path, "a.txt", ["mine"])
    file = read_file(tmp_path, "a.txt", ())
    assert not changed_since([file], ())
    (tmp_path / "a.txt").write_text("more")
    assert changed_since([file], ()) == "a.txt"
