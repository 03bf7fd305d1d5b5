# SPDX-License-Identifier: MIT
"""`fairreg new` at a terminal, in a script, and after a training."""

import io
import json
import tomllib

import pytest
import yaml

from support.projects import content
from support.small_graphs import identity, tensor

pytestmark = pytest.mark.engines("sqlite")


class Terminal(io.StringIO):
    """Standard input of a person who types these lines."""

    def isatty(self):
        return True


def test_project_of_defaults_lists_what_was_written(cli, tmp_path):
    folder = tmp_path / "jet-tagger"
    done = cli("new", folder, "--defaults", "--json")
    assert (done.code, done.document) == (0, "new"), done.err
    assert set(done.json["written"]) == set(content(folder))
    # A crate has a day of publication, which a project gets with its first release.
    assert {item["file"] for item in done.json["left"]} <= {"ro-crate-metadata.json"}
    assert done.json["answers"]["package_name"] == "jet_tagger"


def test_files_are_named_and_the_next_step_is_told(cli, tmp_path):
    done = cli("new", tmp_path / "p", "--defaults")
    assert "written  facts.toml\n" in done.out
    assert "README.md there says how to go on" in done.err
    assert "No author was named: write the authors into facts.toml" in done.err
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "README.md").write_text("mine", "utf-8")
    done = cli("new", tmp_path / "lab", "--from", tmp_path / "lab", "--defaults")
    assert "README.md there" not in done.err


def test_answers_of_a_file_come_before_those_of_a_folder(cli, tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "CITATION.cff").write_text(
        "cff-version: 1.2.0\nmessage: m\ntitle: Lab\nlicense: Apache-2.0\n"
        "authors: [{family-names: Noether}]\n",
        "utf-8",
    )
    answers = tmp_path / "answers.yml"
    answers.write_text("project_name: Mine\n", "utf-8")
    done = cli(
        "new", tmp_path / "p", "--from", tmp_path / "lab", "--answers", answers, "--defaults", "--json"
    )
    assert done.code == 0, done.err
    known = done.json["answers"]
    assert (known["project_name"], known["license"], known["author_family"]) == (
        "Mine",
        "Apache-2.0",
        "Noether",
    )
    assert "license is taken from CITATION.cff" in done.err
    assert "project_name is taken" not in done.err


def test_second_time_a_project_says_so_and_takes_no_answers(cli, tmp_path):
    folder = tmp_path / "my model"
    cli("new", folder, "--defaults")
    (folder / "CITATION.cff").write_text("by hand", "utf-8")
    before = content(folder)
    done = cli("new", folder, "--from", folder)
    assert done.code == 0, done.err
    assert content(folder) == before
    assert "written" not in done.out
    assert "is a project already" in done.err
    assert f"fairreg new '{folder}' --refresh" in done.err
    assert "is taken from" not in done.err
    answers = tmp_path / "answers.yml"
    answers.write_text("project_name: Other\n", "utf-8")
    done = cli("new", folder, "--from", folder, "--answers", answers)
    assert done.code == 2
    assert content(folder) == before


def test_questions_are_asked_at_a_terminal_until_they_are_answered(cli, tmp_path, monkeypatch):
    wrong, right = "0000-0002-1825-0098", "0000-0002-1825-0097"
    typed = ["Jet tagger", "", "", "", "", "Emmy", "Noether", wrong, right]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join(typed) + "\n" * 20))
    done = cli("new", tmp_path / "p")
    assert done.code == 0, done.err
    assert "checksum" in done.err
    answers = yaml.safe_load((tmp_path / "p" / ".copier-answers.yml").read_text("utf-8"))
    assert answers["project_name"] == "Jet tagger"
    assert answers["author_orcid"] == "0000-0002-1825-0097"
    assert answers["license"] == "MIT"


def test_answer_that_is_no_yaml_loses_none_of_the_others(cli, tmp_path, monkeypatch):
    answers = tmp_path / "answers.yml"
    answers.write_text("author_ror: 01ggx4157\n", "utf-8")
    typed = ["Jet tagger", "", "", "", "", "Emmy", "Noether", "", ""]
    more = ["nope: [", "Marie Curie", "[{family: Curie, given: Marie}]"]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join([*typed, *more]) + "\n" * 20))
    done = cli("new", tmp_path / "p", "--answers", answers)
    assert done.code == 0, done.err
    assert "more_authors is not valid YAML (line 1)." in done.err
    assert "Write [{family: Curie, given: Marie}]." in done.err
    kept = yaml.safe_load((tmp_path / "p" / ".copier-answers.yml").read_text("utf-8"))
    assert kept["project_name"] == "Jet tagger"
    assert kept["more_authors"] == [{"family": "Curie", "given": "Marie"}]


@pytest.mark.parametrize(("end", "code"), [(EOFError, 2), (KeyboardInterrupt, 130)])
def test_questions_that_are_broken_off_leave_nothing(cli, tmp_path, monkeypatch, end, code):
    class Ended(Terminal):
        def readline(self, *_size):
            raise end

    monkeypatch.setattr("sys.stdin", Ended())
    done = cli("new", tmp_path / "p")
    assert done.code == code
    assert "resume" not in done.err
    assert ("Nothing was written" in done.err) == (end is KeyboardInterrupt)
    assert done.err
    assert not (tmp_path / "p").exists()


def test_nobody_is_asked_without_a_terminal(cli, tmp_path):
    done = cli("new", tmp_path / "p")
    assert done.code == 2
    assert "standard input is not a terminal" in done.err
    assert "--defaults" in done.err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        ("author_orcid", "0000-0002-1825-0098", "author_orcid: '0000-0002-1825-0098' is not an ORCID"),
        ("doi", "10.XXXX/XXXX", "doi: "),
        ("license", "GPLv9", "license: 'GPLv9' is not one licence of the SPDX list"),
        ("author_ror", "https://ror.org/01ggx4158", "author_ror: "),
    ],
)
def test_wrong_answer_ends_with_2_and_one_sentence(cli, tmp_path, question, value, said):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({question: value, "author_family": "Noether"}), "utf-8")
    done = cli("new", tmp_path / "p", "--answers", answers, "--defaults")
    assert done.code == 2
    assert done.err.startswith(f"Error: {said}")
    assert "Hint: " in done.err
    assert not (tmp_path / "p").exists()


def test_folder_with_files_is_refused_before_anything_is_asked(cli, tmp_path):
    (tmp_path / "own.txt").write_text("mine", "utf-8")
    done = cli("new", tmp_path)
    assert done.code == 2
    assert "is not empty" in done.err
    assert "--from" in done.err


def test_affiliation_without_a_name_is_told(cli, tmp_path):
    answers = tmp_path / "answers.yml"
    answers.write_text("author_family: Noether\nauthor_ror: 01ggx4157\n", "utf-8")
    done = cli("new", tmp_path / "p", "--answers", answers, "--defaults")
    assert "write `affiliation` into facts.toml" in done.err
    assert "No author was named" not in done.err
    for name in ("CITATION.cff", "codemeta.json", ".zenodo.json", "fair4ml.jsonld"):
        assert "https://ror.org/01ggx4157" in (tmp_path / "p" / name).read_text("utf-8"), name


def test_metadata_are_refreshed_alone(cli, tmp_path):
    cli("new", tmp_path / "p", "--defaults")
    done = cli("new", tmp_path / "p", "--refresh", "--json")
    assert (done.code, done.document) == (0, "new"), done.err
    assert done.json["answers"] is None
    assert set(done.json["written"]) >= {"CITATION.cff", "codemeta.json", ".zenodo.json", "README.md"}
    assert cli("new", tmp_path / "p", "--refresh", "--defaults").code == 2
    assert cli("new", tmp_path, "--refresh").code == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "# Net\n\n## License\n\nCC-BY-4.0\n"),
        ("README.md", "All rights reserved, no licence is given.\n"),
        ("CITATION.cff", "cff-version: 1.2.0\nmessage: m\ntitle: N\nauthors: [{name: x}]\nlicense: NOPE\n"),
        ("LICENSE", "All rights reserved.\n"),
    ],
)
@pytest.mark.parametrize("has_model", [True, False])
def test_licence_that_was_not_understood_grants_none(cli, tmp_path, name, text, has_model):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / name).write_text(text, "utf-8")
    if has_model:
        shape = ["n", 3]
        (tmp_path / "lab" / "net.onnx").write_bytes(
            identity(tensor("x", shape=shape), tensor("y", shape=shape))
        )
    done = cli("new", tmp_path / "p", "--from", tmp_path / "lab", "--defaults")
    assert done.code == 0, done.err
    assert "No licence was found in" in done.err
    made = content(tmp_path / "p")
    facts = tomllib.loads(made["facts.toml"].decode())
    assert "license" not in facts
    assert "license" not in tomllib.loads(made["pyproject.toml"].decode())["project"]
    assert made.get("LICENSE") == (text.encode() if name == "LICENSE" else None)
    assert not any(b"LICENSE" in made[item] for item in ("reana.yaml", "Containerfile", "apptainer.def"))
    stated = ("CITATION.cff", "codemeta.json", "README.md", "fair4ml.jsonld")
    assert not any(b"MIT" in made[item] for item in stated if item in made)


def test_hostile_names_reach_no_terminal(cli, tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "CITATION.cff").write_text(
        'cff-version: 1.2.0\nmessage: m\ntitle: "a\\e[2Jb"\nauthors: [{name: "x\\u202ey"}]\n', "utf-8"
    )
    done = cli("new", tmp_path / "p", "--from", tmp_path / "lab", "--defaults")
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err


def test_help_shows_examples(cli):
    done = cli("new", "--help")
    for words in ("--defaults", "--answers FILE", "--from DIR", "--refresh", "fairreg new jet-tagger"):
        assert words in done.out
