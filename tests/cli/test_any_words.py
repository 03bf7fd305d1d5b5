# SPDX-License-Identifier: MIT
"""Any words after `fairreg`, in any environment, over damaged files of its own: an exit code of the list, one
sentence, and data that can be read."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import hbb
from support.commands import program
from support.databases import Databases
from support.examples import examples

pytestmark = pytest.mark.engines("sqlite")

EXIT_CODES = {0, 1, 2, 3, 4, 5, 130}
TEXTS = [hbb.DOI, "zenodo:7305227", "10.5281/zenodo.3891869", "huggingface:a/b", "https://", "http://[::1"]
TEXTS += ["arxiv:1", "", "..", "\udfff", "\x1b[31m", "doi:" + "9" * 5000, "a" * 10_000, "é" * 3000, "%s%d{0}"]
TEXTS += ["\u202eabc", "H→bb", "NOT", '"', "(", "-x", "--", "*", "sha256:" + "0" * 64, "hbb"]
NUMBERS = ["0", "1", "-1", "3", "1e9", "x", "99999999999999999999", "1.5", "nan", "inf", "\udfff"]
LONG_URL = f"sqlite:///{'a' * 300}"
VARIABLES = {
    "FAIRREG_DATABASE_URL": ["x", "sqlite://", "postgresql://", "sqlite:////dev/null", "://", LONG_URL],
    "FAIRREG_DISABLE": ["x", "zenodo,x", "\udcff"],
    "FAIRREG_ZENODO_URL": ["http://", "http://[::1", "https://a:b@c", "\udcff"],
    "FAIRREG_HOME": ["\udcff", "~nobody-of-this-name/a", "a" * 300, "/dev/null"],
    "FAIRREG_OFFLINE": ["yes", "1\udcff"],
}
DAMAGES = ["none", "none", "registry", "registry cut", "cache", "answers", "index"]
NOISE = random.Random(1).randbytes(120)
CONTENTS = {
    "empty": b"",
    "deep.json": b"[" * 200_000,
    "list.json": b"[1,2]",
    "half.json": b'{"a":',
    "no text.json": b"\xff\xfe",
    "noise.onnx": b"\x08\x07\x12" + NOISE,
    "empty.onnx": b"",
    "header.npy": b"\x93NUMPY\x01\x00" + b"\xff" * 40,
    "noise.npz": b"PK\x03\x04" + NOISE,
    "noise.pt": NOISE,
    "cut.pth": b"\x80\x02}q\x00.",
    "length.safetensors": b"\xff" * 20,
    "header.safetensors": b"\x10" + bytes(7) + b'{"a":{"dtype":1}',
    "noise.h5": b"\x89HDF\r\n\x1a\n" + NOISE,
    "noise.tflite": bytes(4) + b"TFL3" + NOISE,
    "export.jsonl": b'{"kind":"statement"}\n',
    "empty.zip": b"PK\x05\x06" + bytes(18),
    "empty.keras": b"PK\x05\x06" + bytes(18),
    "tmva.xml": b"<MethodSetup><",
    "noise.root": b"root" + NOISE,
    "record.jsonld": b'{"@context":"https://schema.org","@type":"SoftwareSourceCode","name":"x"}',
}


class Line(NamedTuple):
    """A command line with what surrounds it."""

    words: tuple[str, ...]
    variable: tuple[str, str] | None
    damage: str
    seed: int


WITHOUT = frozenset({"hbb", "mcp", "serve"})


def commands() -> dict[str, Any]:
    """Every command by its words; without those of the Hbb network, which compute for minutes.

    Nor those that wait for others: tests/server begins and ends them.
    """

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if not hasattr(command, "commands"):
            yield " ".join(words), command
            return
        for name, other in command.commands.items():
            yield from below(other, (*words, name))

    return {name: command for name, command in below(program(), ()) if name.partition(" ")[0] not in WITHOUT}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that hold something else than their names say, and of some that are sound."""
    folder = tmp_path_factory.mktemp("files")
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    np.savez(folder / "sound.npz", x=np.ones((3, 4), np.float32))
    np.save(folder / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (folder / "folder").mkdir()
    return folder


def paths(folder: Path) -> list[str]:
    """Paths of these files, and of some that are not there or not files."""
    others = ["none", "folder", "empty/beneath", "a" * 300, "\udcff.npz"]
    made = [str(path) for path in sorted(folder.iterdir())]
    return [*made, *(str(folder / name) for name in others), "", "-", "/dev/null", "/dev/full"]


def words_of(draw: Callable[[Any], Any], command: Any, name: str) -> Iterator[str]:
    """Draw words that the command may take, or not."""
    yield from name.split()
    for item in command.params:
        if item.param_type_name == "argument":
            count = 1 if item.nargs == 1 else draw(st.integers(1, 2))
            yield from (draw(value_of(item)) for _ in range(count))
        elif item.name != "help" and draw(st.integers(0, 4)) == 0:
            yield draw(st.sampled_from(item.opts))
            if not item.is_flag:
                yield draw(value_of(item))


def value_of(item: Any) -> "st.SearchStrategy[str]":
    """Values of an option or argument; `FILE n` stands for the file of that number."""
    kind = item.type.name
    if "int" in kind or "float" in kind:
        return st.sampled_from(NUMBERS)
    chosen = [str(choice) for choice in getattr(item.type, "choices", ())]
    named = st.integers(0, 40).map(lambda number: f"FILE {number}")
    return named if "path" in kind or "file" in kind else st.sampled_from([*chosen, *TEXTS]) | named


@st.composite
def lines(draw: Callable[[Any], Any]) -> Line:
    """A command line, an environment and a damage."""
    known = commands()
    name = draw(st.sampled_from(sorted(known)))
    words = tuple(words_of(draw, known[name], name))
    given_by_users = [(key, value) for key, values in VARIABLES.items() for value in values]
    variable = draw(st.none() | st.none() | st.sampled_from(given_by_users))
    return Line(words, variable, draw(st.sampled_from(DAMAGES)), draw(st.integers(0, 2**32)))


def damage(home: Path, what: str, seed: int) -> None:
    """Change the files of the home."""
    noise, registry = random.Random(seed), home / "registry.sqlite"
    if what == "registry":
        registry.write_bytes(noise.randbytes(noise.choice([0, 10, 5000])))
    elif what == "registry cut":
        content = bytearray(registry.read_bytes())
        for _ in range(20):
            content[noise.randrange(len(content))] = noise.randrange(256)
        registry.write_bytes(content[: noise.choice([len(content), len(content) // 2, 4096])])
    elif what == "index":
        (home / "cache" / "index").mkdir(parents=True)
        (home / "cache" / "index" / "x.json").write_bytes(noise.randbytes(50))
    elif what != "none":
        (home / what).write_bytes(b"a file in the place of a folder")


@given(line=lines())
@settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_words_end_in_one_sentence(
    line: Line,
    cli: Callable[..., Any],
    files: Path,
    databases: Databases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sound, used = tmp_path / "sound", tmp_path / "used"
    if not sound.exists():
        sound.mkdir()
        databases.url(sound / "registry.sqlite", "catalogue")
    shutil.rmtree(used, ignore_errors=True)
    shutil.copytree(sound, used / "home")
    shutil.copytree(files, used / "files")
    damage(used / "home", line.damage, line.seed)
    known = paths(used / "files")
    words = [known[int(word[5:]) % len(known)] if word.startswith("FILE ") else word for word in line.words]
    with monkeypatch.context() as patched:
        patched.chdir(used)
        patched.setenv("FAIRREG_OFFLINE", "1")
        patched.setenv("FAIRREG_HOME", str(used / "home"))
        if line.variable is not None:
            patched.setenv(*line.variable)
        found = cli(*words)
    _judge(found, words)


def _judge(found: Any, words: list[str]) -> None:
    """Hold what a command did against the promises of the command line."""
    assert found.code in EXIT_CODES
    assert "Traceback" not in found.err
    assert "Internal error" not in found.err
    sentences = [line for line in found.err.splitlines() if line.startswith("Error: ")]
    if words[0] != "harvest":  # one for each source
        assert len(sentences) <= 1
    if found.code in {2, 3, 4}:
        assert sentences
    if "--json" in words and found.code in {0, 5}:
        json.loads(found.out)
