# SPDX-License-Identifier: MIT
"""Copies in a folder: each file apart, and what belongs to a model where the model looks for it."""

from pathlib import PurePosixPath
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember
from fairreg.services.fetch.placement import layout, place
from fairreg.services.fetch.side_files import gathered, missing
from fairreg.storage.cache import Cache, CachedFile
from fairreg.storage.file_names import name_key
from support.examples import examples


def downloaded(folder, name, *, model=None, place="", number=0):
    """A downloaded file; `number` tells files of one name apart."""
    path = folder / f"{abs(hash((name, number)))}"
    file = CachedFile(path, "0" * 64, 1)
    item = Distribution(name=name, url=f"https://example.org/{number}")
    return Downloaded(item, file, "sha256:0", verified=False, from_cache=False, model=model, place=place)


def where(tmp_path, *files):
    """Paths of files given as name or (name, model, place)."""
    items = []
    for number, file in enumerate(files):
        name, model, place_ = (file, None, "") if isinstance(file, str) else file
        items.append(downloaded(tmp_path, name, model=model, place=place_, number=number))
    found = layout(items)
    return [str(found[item.distribution]) for item in items]


def test_a_file_lies_under_its_last_name_and_keeps_folders_only_where_two_share_it(tmp_path):
    assert where(tmp_path, "d/a.csv", "e/b.csv") == ["a.csv", "b.csv"]
    assert where(tmp_path, "d/a.csv", "e/A.csv", "e/b.csv") == ["d/a.csv", "e/A.csv", "b.csv"]


def test_a_side_file_lies_where_its_model_looks_for_it(tmp_path):
    assert where(tmp_path, "m/t.onnx", ("m/w/t.data", "m/t.onnx", "w/t.data")) == ["t.onnx", "w/t.data"]
    # A name that a disk refuses stays, as the model names it.
    assert where(tmp_path, "t.onnx", ("w:1", "t.onnx", "w:1")) == ["t.onnx", "w:1"]


def test_a_model_whose_side_file_would_lie_on_another_file_gets_a_folder_of_its_own(tmp_path):
    model, side, other = where(tmp_path, "m/t.onnx", ("m/w/x", "m/t.onnx", "w/x"), "w")
    assert other == "w"
    assert PurePosixPath(side) == PurePosixPath(model).parent / "w/x"
    assert PurePosixPath(model).name == "t.onnx"
    assert PurePosixPath(model).parent.name.startswith("t-")


def test_two_models_with_side_files_of_one_place_stay_apart(tmp_path):
    names = ("a.onnx", ("w", "a.onnx", "w.data"), "b.onnx", ("v", "b.onnx", "w.data"))
    first, first_side, second, second_side = map(PurePosixPath, where(tmp_path, *names))
    assert first_side == first.parent / "w.data"
    assert second_side == second.parent / "w.data"
    assert first_side != second_side


def test_a_model_in_the_way_of_its_side_file_is_renamed(tmp_path):
    model, side = map(PurePosixPath, where(tmp_path, "w.DATA", ("w.data/0", "w.DATA", "w.data/0")))
    assert side == model.parent / "w.data/0"
    assert model.name.endswith("-w.DATA")


def test_a_side_file_that_hides_or_has_lost_its_model_lies_under_its_own_name(tmp_path):
    assert where(tmp_path, "t.onnx", (".hidden", "t.onnx", ".hidden")) == ["t.onnx", "hidden"]
    assert where(tmp_path, ("m/w", "t.onnx", "w")) == ["w"]


def test_members_and_files_are_placed_together(tmp_path):
    for name in ("file", "member"):
        (tmp_path / name).write_text(name)
    file = Downloaded(
        Distribution(name="a.txt"),
        CachedFile(tmp_path / "file", "0" * 64, 4),
        "sha256:0",
        verified=False,
        from_cache=False,
    )
    member = ArchiveMember("top/A.txt", tmp_path / "member", "all.zip")
    placed = place([file], tmp_path / "out", [member])
    assert placed[file.distribution].read_text() == "file"
    assert placed[member.path].read_text() == "member"
    assert {path.relative_to(tmp_path / "out").as_posix() for path in placed.values()} == {
        "a.txt",
        "top/A.txt",
    }


NAMES = st.lists(st.text("aA./b:", min_size=1, max_size=5), min_size=1, max_size=6)


@settings(max_examples=examples(300))
@given(NAMES, st.data())
def test_no_two_files_ever_lie_on_one_path(tmp_path_factory, names, data):
    folder = tmp_path_factory.getbasetemp()
    parts = [(name, names[0], data.draw(st.sampled_from(["w", "a", "a/b", "A"]))) for name in names[1:3]]
    places = {item[2].casefold() for item in parts}
    if len(places) < len(parts) or places == {"a", "a/b"}:
        parts = []  # no folder of a model has such files
    found = where(folder, names[0], *parts, *names[3:])
    keys = [name_key(path) for path in found]
    assert len(set(keys)) == len(keys)
    assert not any(name_key(str(parent)) in keys for path in found for parent in PurePosixPath(path).parents)


def test_what_belongs_to_many_files_is_found_in_time_in_proportion(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    file = CachedFile(tmp_path / "x", "0" * 64, 1)
    names = [f"m{number}-00001-of-00002.bin" for number in range(5000)]
    names += [f"m{number}.bin.index.json" for number in range(5000)]
    files = [
        Downloaded(Distribution(name=name), file, "sha256:0", verified=False, from_cache=False)
        for name in names
    ]
    start = process_time()
    more = missing(files[:5000], [item.distribution for item in files])
    assert [item.name for item in more] == names[5000:]
    assert gathered(Cache(tmp_path / "cache"), files) == tuple(files)
    assert len(set(layout(files).values())) == len(files)
    assert process_time() - start < 10
