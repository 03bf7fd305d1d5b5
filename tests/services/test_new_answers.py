# SPDX-License-Identifier: MIT
"""Answers to the questions of `fairreg new`: what is accepted, in which spelling, and what is refused."""

import keyword
import os
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import UsageError
from fairreg.formats import cff
from fairreg.services.new.answer_files import parsed, read_answers
from fairreg.services.new.checks import TEXTS_OF, checked
from fairreg.services.new.create import answered, create
from fairreg.services.new.facts import facts_of
from fairreg.services.new.record import project_record
from fairreg.services.new.template import default_of, questions, refusal, render
from support.examples import examples
from support.projects import ANSWERS, content

TAKEN = {"src", "test", "tests", "data", "docs", "model", "models", "fairreg", "numpy", "onnx", "pytest"}
NOWHERE = Path("a folder that is not there")
QUESTIONS = {item.name: item for item in questions()}


def answer(name, value, **known):
    return checked(QUESTIONS[name], value, known)


@pytest.mark.parametrize(
    ("name", "value", "normal"),
    [
        ("doi", "https://doi.org/10.5281/ZENODO.7305227", "10.5281/zenodo.7305227"),
        ("training_data", " doi:10.7483/OPENDATA.CMS.JGJX.MS7Q ", "10.7483/opendata.cms.jgjx.ms7q"),
        ("publication", "https://arxiv.org/abs/2212.05081", "2212.05081"),
        ("author_orcid", "https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("author_orcid", "0000-0002-1694-233x", "0000-0002-1694-233X"),
        ("author_ror", "https://ror.org/01ggx4157", "01ggx4157"),
        ("author_ror", "01ggx4157", "01ggx4157"),
        ("license", "Apache License 2.0", "Apache-2.0"),
        ("license", "https://opensource.org/licenses/MIT", "MIT"),
        ("repository", "git@github.com:lab/tagger.git", "https://github.com/lab/tagger"),
        ("keywords", ["jets", "tagging"], "jets, tagging"),
        ("project_name", "  Jet\n tagger ", "Jet tagger"),
        ("more_authors", [{"family": "Noether", "given": "Emmy"}], [{"family": "Noether", "given": "Emmy"}]),
        ("version", "v1.10.0", "1.10.0"),
        ("version", "2.0-rc.1", "2.0-rc.1"),
        ("date_published", "2026-11-29T08:00:00Z", "2026-11-29"),
        ("doi", "", ""),
        ("author_orcid", None, ""),
    ],
)
def test_answer_gets_one_spelling(name, value, normal):
    assert answer(name, value) == normal


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("doi", "10.XXXX/XXXX", "10.XXXX/XXXX"),
        ("doi", "zenodo", "is not"),
        ("doi", "https://zenodo.org/records/7305227", "is not a DOI"),
        ("training_data", "10.5281/zenodo.XXXXXXX", "zenodo.XXXXXXX"),
        ("publication", "https://github.com/lab/tagger", "neither a DOI nor an arXiv number"),
        ("author_orcid", "0000-0002-1825-0098", "checksum"),
        ("author_orcid", "Your ORCID", "is not an ORCID"),
        ("author_ror", "https://ror.org/01ggx4158", "checksum"),
        ("author_ror", "CERN", "is not a ROR identifier"),
        ("license", "GPLv3 or something like that", "not one licence of the SPDX list"),
        ("license", "none", "not one licence of the SPDX list"),
        ("license", "MIT OR Apache-2.0", "not one licence of the SPDX list"),
        ("package_name", "src", "another package"),
        ("package_name", "class", "cannot name a package"),
        ("package_name", "json", "cannot name a package"),
        ("package_name", "Jet-Tagger", "lower-case letters"),
        ("project_name", "<script>", "begins with a letter or a digit"),
        ("repository", "ftp://host/x", "begins with https://"),
        ("doi", "10.5281/zenodo.x y", "'10.5281/zenodo.x y' is not a DOI"),
        ("python_version", "2.7", "not one of 3.11, 3.12, 3.13"),
        ("version", 1.1, "a number in YAML"),
        ("version", "2026-11-29", "is not a version"),
        ("version", "", "is not a version"),
        ("date_published", "2026-11-31", "is not a day"),
        ("model_file", "../model.onnx", "inside the project"),
        ("more_authors", "Emmy Noether", "not a list of mappings"),
        ("more_authors", [{"family": "Noether", "orcid": "0000"}], "is not an ORCID"),
        ("more_authors", [{"surname": "Noether"}], "An author has no surname"),
        ("evaluations", [{"metric": "accuracy"}], "has a metric and a value"),
    ],
)
def test_wrong_answer_is_refused_with_its_question(name, value, said):
    with pytest.raises(UsageError, match=said) as raised:
        answer(name, value)
    assert raised.value.message.startswith(f"{name}: ")
    assert raised.value.hint
    assert raised.value.exit_code == 2


@given(digits=st.text("0123456789", min_size=15, max_size=15), last=st.sampled_from("0123456789X"))
@settings(max_examples=examples(100))
def test_template_and_fairreg_agree_on_the_checksum_of_an_orcid(digits, last):
    whole = digits + last
    orcid = "-".join(whole[start : start + 4] for start in range(0, 16, 4))
    said = refusal(QUESTIONS["author_orcid"], {"author_orcid": orcid})
    # fairreg also refuses ORCIDs of examples, which no checksum tells.
    assert is_accepted("author_orcid", orcid) == (said is None) or is_example(orcid)


def is_accepted(name, value):
    try:
        answer(name, value)
    except UsageError:
        return False
    return True


def is_example(orcid):
    return "0000-0000-0000" in orcid


@given(name=st.text(min_size=1, max_size=40))
@settings(max_examples=examples(100))
def test_every_accepted_name_gives_a_package_of_its_own(name):
    if not is_accepted("project_name", name):
        return
    default = default_of(QUESTIONS["package_name"], {"project_name": answer("project_name", name)}, NOWHERE)
    if not is_accepted("package_name", default):
        assert default in sys.stdlib_module_names or keyword.iskeyword(default) or default in TAKEN
        return
    known = answered(NOWHERE, {"project_name": name}, None)
    package = known["package_name"]
    assert package.isidentifier()
    assert not keyword.iskeyword(package)
    assert package not in sys.stdlib_module_names | {"src", "tests"}


ORCIDS = st.sampled_from(["0000-0002-1825-0097", "0000-0002-1694-233X", ""])
TEXTS = st.text(max_size=60)


@given(
    license=st.sampled_from(TEXTS_OF),
    author_family=st.sampled_from(["Curie", "d'Alembert", "山田", ""]),
    author_orcid=ORCIDS,
    author_affiliation=TEXTS,
    description=TEXTS,
    keywords=TEXTS,
    optional=st.sets(st.sampled_from(["repository", "training_data", "publication", "doi"])),
    more_authors=st.lists(
        st.fixed_dictionaries({"family": st.sampled_from(["Noether", "Ünal"])}, optional={"given": TEXTS}),
        max_size=2,
    ),
)
@settings(max_examples=examples(40))
def test_citation_file_is_valid_whatever_is_answered(optional, **given_answers):
    answers = given_answers | {name: ANSWERS[name] for name in optional}
    folder = NOWHERE
    known = answered(folder, answers, None)
    files = {str(item.path): item.content for item in render(known, folder)}
    text = cff.write(project_record(folder, facts_of(files["facts.toml"], "facts.toml")))
    assert cff.violations(text) == []
    stated = yaml.safe_load(text)
    assert stated["license"] == answers["license"]
    assert ("doi" in stated) == ("doi" in optional)
    assert files["LICENSE"]
    tomllib.loads(files["pyproject.toml"].decode())


@pytest.mark.parametrize("user", ["user:secret", "secret"])
def test_address_with_a_password_is_refused_without_repeating_it(user):
    with pytest.raises(UsageError, match="user name or a password") as raised:
        answer("repository", f"https://{user}@github.com/lab/tagger")
    assert "secret" not in f"{raised.value.message}{raised.value.hint}"


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Jet-Tägger Übung", "jet_tagger_ubung"),
        ("Müller-Tagger", "muller_tagger"),
        ("Straße Øre", "strasse_ore"),
    ],
)
def test_package_is_named_by_the_letters_below_the_accents(name, package):
    assert default_of(QUESTIONS["package_name"], {"project_name": name}, NOWHERE) == package


@pytest.mark.parametrize("is_there", [True, False])
def test_model_that_is_not_there_is_named_by_its_path_alone(tmp_path, is_there):
    known = answered(tmp_path / "p", {"model_file": "models/none.onnx"}, None)
    origin = tmp_path / "origin"
    origin.mkdir()
    with pytest.raises(UsageError, match=r"models/none\.onnx") as raised:
        create(tmp_path / "p", known, origin=origin if is_there else None)
    assert ".part" not in raised.value.message
    assert not (tmp_path / "p").exists()


def test_git_ignores_what_publishing_notes(tmp_path):
    create(tmp_path / "p", answered(tmp_path / "p", {}, None))
    assert ".fairreg/" in (tmp_path / "p" / ".gitignore").read_text("utf-8").split()


def test_answer_to_no_question_is_refused(tmp_path):
    with pytest.raises(UsageError, match="There is no question 'licence'") as raised:
        answered(tmp_path, {"licence": "MIT"}, None)
    assert "license" in raised.value.hint


def test_person_is_asked_again_after_a_wrong_answer(tmp_path):
    said = []

    def ask(question, default, fault):
        if fault:
            said.append(fault)
            return "0000-0002-1825-0097"
        return "0000-0002-1825-0098" if question.name == "author_orcid" else default

    known = answered(tmp_path / "p", {"author_family": "Curie"}, ask)
    assert known["author_orcid"] == "0000-0002-1825-0097"
    assert len(said) == 1
    assert "checksum" in said[0]


def test_questions_about_an_existing_model_are_not_asked_for_the_toy(tmp_path):
    asked = []

    def ask(question, default, _fault):
        asked.append(question.name)
        return default

    answered(tmp_path / "p", {}, ask)
    assert "intended_use" not in asked
    answered(tmp_path / "p", {"model_file": "m.onnx"}, ask)
    assert "intended_use" in asked


def test_licence_without_a_text_needs_one(tmp_path):
    known = answered(tmp_path / "p", {"license": "EUPL-1.2"}, None)
    with pytest.raises(UsageError, match=r"no text of the licence EUPL-1\.2") as raised:
        create(tmp_path / "p", known)
    assert "MPL-2.0" in raised.value.hint
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("suffix", ["yml", "json"])
def test_answers_are_read_from_yaml_and_json(tmp_path, suffix):
    path = tmp_path / f"answers.{suffix}"
    text = '{"license": "MIT", "version_date": 1}' if suffix == "json" else "license: MIT\nversion_date: 1\n"
    path.write_text(text + "\n", "utf-8")
    assert read_answers(path) == {"license": "MIT", "version_date": 1}


def test_answers_are_read_from_a_pipe():
    reading, writing = os.pipe()
    os.write(writing, b"license: MIT\n")
    os.close(writing)
    try:
        assert read_answers(Path(f"/dev/fd/{reading}")) == {"license": "MIT"}
    finally:
        os.close(reading)


def test_answers_of_another_project_are_read_without_where_they_came_from(tmp_path):
    first, second = tmp_path / "one", tmp_path / "two"
    create(first, answered(first, ANSWERS, None))
    answers = read_answers(first / ".copier-answers.yml")
    create(second, answered(second, answers, None))
    assert content(first) == content(second)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("license: [", "not valid YAML"),
        ("- MIT", "not a mapping"),
        ("a: &a [*a]", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("a: !!python/object/apply:os.system ['x']", "not valid YAML"),
        ("x: " + "y" * 300_000, "longer than"),
    ],
)
def test_file_that_holds_no_answers_is_refused(tmp_path, text, said):
    path = tmp_path / "answers.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=said):
        read_answers(path)


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("package_name", "import", "answer package_name"),
        ("python_version", 3.1, "Quote it in YAML"),
        ("repository", "ftp://x", "https://github.com/owner/name"),
        ("model_file", "x.pt", "models/tagger.onnx"),
        ("author_family", "", "Answer author_family"),
    ],
)
def test_hint_of_a_refused_answer_says_what_to_do(name, wrong, said):
    with pytest.raises(UsageError) as raised:
        answered(NOWHERE, {"author_given": "Emmy", "author_family": "Noether", name: wrong}, None)
    assert said in raised.value.hint


def test_value_at_a_terminal_is_yaml():
    assert parsed("[{family: Noether}]", name="more_authors") == [{"family": "Noether"}]
