# SPDX-License-Identifier: MIT
import time

import msgspec
import pytest

from assessment.samples import BARE, code_blocks, document, replaced, with_record
from fairreg.assessment.content.documents import parsed, role_of, stated_in
from fairreg.assessment.content.environment import (
    base_images,
    floating,
    is_lock,
    pinned,
    requirements,
)
from fairreg.assessment.content.grammar import passages
from fairreg.assessment.content.licences import classify, licence_texts, same_licence
from fairreg.assessment.content.objects.mentions import mentions
from fairreg.assessment.content.prose import clean, is_placeholder, words
from fairreg.assessment.content.reported import versions
from fairreg.assessment.evidence import DataCiteFacts, Document
from fairreg.assessment.indicators.f4 import listed
from fairreg.assessment.indicators.r1_2 import training
from fairreg.assessment.indicators.r2 import dependencies
from fairreg.assessment.lineage import relations
from fairreg.assessment.report import assess
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Relation


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("top/README.md", "readme"),
        ("top/LICENSE", "license"),
        ("top/CITATION.cff", "citation"),
        ("codemeta.json", "codemeta"),
        (".zenodo.json", "zenodo_json"),
        ("MODEL_CARD.md", "model_card"),
        ("ro-crate-metadata.json", "provenance"),
        ("model/MLmodel", "standard"),
        ("requirements_gpu.txt", "requirements"),
        ("docs/requirements.txt", None),
        ("requirements-dev.txt", None),
        ("uv.lock", "requirements"),
        ("requirements/base.txt", "requirements"),
        ("requirements/dev.txt", None),
        ("conda.yaml", "requirements"),
        ("conda-linux-64.lock", "requirements"),
        ("setup.cfg", "requirements"),
        ("setup.py", "code"),
        ("Dockerfile.cpu", "dockerfile"),
        ("Makefile", "makefile"),
        (".github/workflows/test.yml", "ci"),
        ("src/data/definitions.yml", "definitions"),
        ("models/gnn_metadata.json", "hyperparameters"),
        ("training.yaml", "hyperparameters"),
        ("config/train.yml", "hyperparameters"),
        ("training_data.json", None),
        ("requirements.lock", "requirements"),
        ("a.ipynb", "notebook"),
        ("docs/usage.rst", "docs"),
        ("README.de.md", "docs"),
        ("README_EN.md", "docs"),
        ("README-model.md", "docs"),
        ("MODEL.md", "docs"),
        ("model card.md", "model_card"),
        ("README.md", "readme"),
        ("readme_figure.png", None),
        ("model.txt", None),
        ("src/train.py", "code"),
        ("weights.pth", None),
    ],
)
def test_role(path, role):
    assert role_of(path) == role


@pytest.mark.parametrize(
    "text",
    [
        "[More Information Needed]",
        "TODO: write this",
        "Your ORCID here",
        "Lorem ipsum dolor sit amet.",
        "<!-- hint -->",
        "{{ name }}",
        "",
        None,
    ],
)
def test_a_placeholder_is_no_content(text):
    assert is_placeholder(text)


def test_markup_is_no_content():
    assert clean("<p>A **bold** [link](https://x.org)</p>") == "A bold link"
    assert words("<p>one</p> two-three it's") == 3


def test_mentions_tell_data_from_publications():
    text = "Our paper is 10.1111/paper.\n\nTrained on the dataset 10.2222/DATA.\n\narXiv:2212.05081\n"
    found = {item.value: item.about_data for item in mentions(document("readme", text))}
    assert found == {"10.1111/paper": False, "10.2222/data": True, "2212.05081": False}


def headings(text):
    return [item.text for item in passages(text) if item.kind == "heading"]


def test_sections_and_code_blocks_of_both_markups():
    assert headings("intro\n# Use\nx\nLimits\n======\ny") == ["Use", "Limits"]
    assert code_blocks("```sh\nmake\n```\n") == ("make\n",)
    assert code_blocks("Run::\n\n    make\n    test\n\nEnd\n")[0].split() == ["make", "test"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Apache License\nVersion 2.0, January 2004", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007", "GPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 3", "LGPL-3.0"),
        ("Redistribution and use in source and binary forms ... Neither the name of", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0"),
        ("CC0 1.0 Universal", "CC0-1.0"),
        (
            "GNU GENERAL PUBLIC LICENSE Version 3 ... version 3 of the GNU Affero General Public License",
            "GPL-3.0",
        ),
        (
            "Redistribution and use in source and binary forms. See Apache License, Version 2.0",
            "BSD-2-Clause",
        ),
        ("All rights reserved.", None),
    ],
)
def test_licence_texts_are_classified(text, name):
    assert classify(text) == name


def test_licences_are_compared_by_family():
    assert same_licence("GPL-3.0-or-later", "gpl-3.0")
    assert not same_licence("MIT", "Apache-2.0")


def test_codemeta_zenodo_and_card_are_read():
    codemeta = document(
        "codemeta",
        '{"@context": "https://w3id.org/codemeta/3.0", "name": "m", "identifier": "https://doi.org/10.1/X",'
        ' "license": "https://spdx.org/licenses/MIT", "codeRepository": "https://github.com/o/r",'
        ' "referencePublication": {"@id": "https://doi.org/10.1111/P"},'
        ' "author": [{"@id": "https://orcid.org/0000-0002-5076-7096"}]}'.replace("10.1/X", "10.1234/X"),
        "codemeta.json",
    )
    zenodo = document("zenodo_json", '{"license": {"id": "MIT"}, "doi": "10.1234/z"}', ".zenodo.json")
    card = document("readme", "---\nlicense: apache-2.0\ntags: [a]\n---\n# M\n", "README.md")
    read = stated_in(replaced(BARE, documents=(codemeta, zenodo, card)))
    by_role = {item.document.role: item.facts for item in read}
    assert by_role["codemeta"].complete
    assert by_role["codemeta"].dois == ("10.1234/x",)
    assert by_role["codemeta"].license == "MIT"
    assert by_role["codemeta"].publications == ("10.1111/p",)
    assert by_role["codemeta"].orcids == ("0000-0002-5076-7096",)
    assert by_role["zenodo_json"].license == "MIT"
    assert by_role["readme"].license == "apache-2.0"
    assert by_role["readme"].filled == ("license", "tags")


def test_a_commit_stays_text():
    found = stated_in(replaced(BARE, documents=(document("citation", "commit: 0012345"),)))
    assert found[0].facts.commit == "0012345"


@pytest.mark.parametrize(
    ("line", "is_pinned", "is_floating"),
    [
        ("torch==2.6.0", True, False),
        ("torch>=2", False, False),
        ("numpy=1.21.0", True, False),
        ("git+https://github.com/o/r@main", False, True),
        ("pkg @ git+https://github.com/o/r@" + "0" * 40, True, False),
        ("git+https://github.com/o/r@v1.2", False, True),
        ("torch==2.*", False, False),
        ("torch==2.x", False, False),
        ("torch~=2.1", False, False),
        ("torch==2.1.0,!=2.1.1", True, False),
        ("torch==latest", False, False),
        ("torch[cuda]==2.1.0+cu118 ; python_version >= '3.9'", True, False),
        ("torch==2.1.0 --hash=sha256:" + "0" * 64, True, False),
        ("pkg @ https://example.org/pkg-1.0.tar.gz#sha256=" + "0" * 64, True, False),
        ("pkg @ https://example.org/pkg-latest.tar.gz", False, False),
        ("python=3.11", False, False),
        ("conda-forge::numpy=1.21.2=py39_0", True, False),
        ("numpy=1.21.*", False, False),
    ],
)
def test_pins(line, is_pinned, is_floating):
    assert pinned(line) == is_pinned
    assert floating(line) == is_floating


def test_requirements_of_each_format():
    assert requirements(document("requirements", "# a\na==1\n-r other\n", "requirements.txt")) == ("a==1",)
    conda = "channels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pip:\n    - b==2\n"
    assert requirements(document("requirements", conda, "environment.yml")) == ("python=3.11", "b==2")
    project = '[project]\nclassifiers = ["x"]\ndependencies = ["a>=1"]\n'
    assert requirements(document("requirements", project, "pyproject.toml")) == ("a>=1",)
    assert requirements(document("requirements", "[", "pyproject.toml")) == ()
    poetry = '[tool.poetry.dependencies]\npython = "^3.9"\na = "1.2.3"\nb = "^2"\nc = {version = "1.0"}\n'
    assert requirements(document("requirements", poetry, "pyproject.toml")) == (
        "a==1.2.3",
        "b (^2)",
        "c==1.0",
    )
    hashed = "a==1 \\\n    --hash=sha256:0\n-e .\n./local\n"
    assert requirements(document("requirements", hashed, "requirements.txt")) == (
        "a==1      --hash=sha256:0",
    )


def test_a_lock_file_without_content_locks_nothing():
    assert is_lock(document("requirements", "[[package]]", "uv.lock"))
    assert not is_lock(document("requirements", "# later\n", "uv.lock"))


def test_stages_of_a_dockerfile_are_no_images():
    text = "FROM --platform=x a:1 AS build\nFROM build\nFROM scratch\nFROM b\n"
    assert base_images(document("dockerfile", text)) == ("a:1", "b")


BOMB = "a: &a [1]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(3))
HOSTILE = {
    "aliases": BOMB,
    "loop": "a: &a\n  features: *a\n",
    "tags": "a: !!timestamp x\nb: !!python/object/apply:os.system [ls]\n",
    "deep": "[" * 100_000,
    "deep mapping": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "broken": "{: [}",
    "brackets": "[" * 200_000,
    "comments": "<!--" * 50_000,
    "tags of HTML": "<" * 200_000,
    "links": "[a](" * 50_000,
    "digits": "1" * 200_000,
    "blank lines": "::\n\n" + " \n" * 50_000,
    "one line": "weights " * 25_000,
    "at signs": "@" * 100_000,
    "dots": "a." * 100_000,
    "slashes": "a/" * 100_000,
    "quotes": "pipeline(" * 20_000,
    "headings": "a\n=\n" * 30_000,
    "fences": "```\n" * 50_000,
    "nul": "\x00" * 100,
    "surrogate": "\ud800",
}


# Of what is read of a document, a part that a search in quadratic time would still not come through.
LENGTHS = [50_000, pytest.param(200_000, marks=pytest.mark.long)]
CPU_SECONDS = 10


@pytest.mark.sliced(11)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_read_in_bounded_time_or_not_at_all(name, length):
    roles = (
        "readme",
        "license",
        "citation",
        "codemeta",
        "zenodo_json",
        "requirements",
        "dockerfile",
        "model_card",
    )
    more = ("makefile", "docs", "definitions", "hyperparameters", "notebook", "provenance", "standard")
    text = HOSTILE[name][:length]
    documents = tuple(document(role, text) for role in (*roles, *more))
    front = document("readme", f"---\n{text}\n---\n", "card")
    started = time.thread_time()
    assess(replaced(BARE, downloaded=True, documents=(*documents, front)))
    assert time.thread_time() - started < CPU_SECONDS


def test_aliases_are_followed_and_tags_are_not_read():
    assert parsed(document("citation", "a: &a [1]\nb: *a\n", "a.yml")) == {"a": ["1"], "b": ["1"]}
    assert parsed(document("citation", "a: &a [*a]\n", "a.yml")) is None
    assert parsed(document("citation", "a: !!int x", "a.yml")) == {"a": "x"}


STARTS = {
    "blanks behind a key": "epochs:",
    "blanks behind a framework": "torch",
    "blanks behind a heading": "# a",
    "blanks behind a seed": "seed =",
}


@pytest.mark.sliced(13)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("filler", [" ", "\t", "\n", "#", "1", "<!--", "{{", "epochs ", "torch 1"])
def test_blanks_and_marks_without_end_are_read_in_the_end(start, filler, length):
    text = start + (filler * length)[:length]
    read = replaced(BARE, documents=(document("readme", text, "README.md"), document("model_card", text)))
    started = time.thread_time()
    passages(text)
    assert assess(read)
    assert time.thread_time() - started < CPU_SECONDS


def test_blanks_around_a_setting_do_not_hide_it():
    read = document("hyperparameters", '{"epochs"   :   30}', "a.json")
    (cited,) = training.assess(replaced(BARE, documents=(read,))).evidence
    assert cited.value.startswith("epochs")
    assert versions(document("readme", "Trained with torch  ==  2.1.0")) == "torch == 2.1.0"


def test_a_heading_is_what_stands_between_its_marks():
    text = "before\n# One  ##\na\n## C#\nb\nTwo\n===\nc"
    assert headings(text) == ["One", "C", "Two"]


def test_relations_keep_the_order_of_the_record_before_those_of_datacite():
    def cites(*dois):
        return tuple(Relation(type="cites", target=Identifier("doi", doi)) for doi in dois)

    registered = msgspec.structs.replace(BARE.record, relations=cites("10.1/a", "10.1/c"))
    read = replaced(
        with_record(BARE, relations=cites("10.1/a", "10.1/b")),
        datacite=DataCiteFacts(record=registered, state="findable"),
    )
    assert [item.target.value for item in relations(read, "cites")] == ["10.1/a", "10.1/b", "10.1/c"]


def test_registries_that_were_not_looked_into_are_unknown():
    relation = Relation(type="trained_on", target=Identifier("doi", "10.1/data"))
    finding = listed.assess(with_record(BARE, relations=(relation,)))
    assert finding.verdict == "unknown"
    assert "registry_listing was not made" in finding.reason


def text_of(path, text):
    return Document("license", path, text)


def test_several_licence_texts_are_one_statement():
    mit = text_of(
        "a/LICENSE-MIT", "Permission is hereby granted, free of charge ... The software is provided"
    )
    apache = text_of("a/LICENSE-APACHE", "Apache License\nVersion 2.0, January 2004")
    assert [found[:2] for found in licence_texts([mit, apache])] == [
        ("MIT", "Apache-2.0 and MIT"),
        ("Apache-2.0", "Apache-2.0 and MIT"),
    ]
    assert same_licence("Apache-2.0 OR MIT", "Apache-2.0 and MIT")
    assert same_licence("MIT", "Apache-2.0 and MIT")
    assert not same_licence("GPL-3.0-only", "Apache-2.0 and MIT")


def test_licences_of_separate_folders_are_separate_statements():
    mit = text_of("a/LICENSE", "Permission is hereby granted, free of charge ... The software is provided")
    apache = text_of("b/LICENSE", "Apache License\nVersion 2.0, January 2004")
    assert [found[1] for found in licence_texts([mit, apache])] == ["MIT", "Apache-2.0"]


@pytest.mark.parametrize(
    "path", ["a/LICENSE-MIT", "COPYING.LESSER", "LICENSES/MIT.txt", "LICENSE_APACHE-2.0.txt"]
)
def test_licence_files_of_every_layout_have_their_role(path):
    assert role_of(path) == "license"


@pytest.mark.parametrize("path", ["license_check.py", "src/licensing.txt"])
def test_files_about_licences_have_another(path):
    assert role_of(path) != "license"


PINNED, LOOSE = "torch==2.1.0\nnumpy==1.26.4\n", "torch\nnumpy\n"
CONDA = "channels:\n- cms-channel\ndependencies:\n- python=3.11.4\n- pip\n- pip:\n  - torch==2.1.0\n"
SETUP = (
    "from setuptools import setup\nsetup(name='a', install_requires=['torch==2.1.0', 'numpy[x]==1.26.4'])\n"
)
EXPLICIT = "@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/linux-64/a-1-0.conda#0\n"


@pytest.mark.parametrize(
    ("verdict", "files"),
    [
        ("partial", {"requirements.txt": LOOSE, "requirements-plot.txt": "tqdm==4.66.1\n"}),
        ("partial", {"requirements.txt": PINNED, "environment.yml": "dependencies: [python, numpy]\n"}),
        ("partial", {"requirements.txt": PINNED + "-r more.txt\n"}),
        (
            "partial",
            {"pyproject.toml": '[project]\ndependencies=["torch>=2", "jax"]\n', "requirements.txt": PINNED},
        ),
        ("partial", {"setup.py": SETUP.replace("==2.1.0", "")}),
        ("fail", {"uv.lock": "version = 1\n"}),
        ("fail", {"Pipfile.lock": "{}"}),
        ("fail", {"conda-linux-64.lock": "@EXPLICIT\n"}),
        ("fail", {"setup.cfg": "[flake8]\nmax-line-length = 100\n"}),
        (
            "pass",
            {"requirements.txt": "-r requirements/base.txt\njax==0.4.30", "requirements/base.txt": PINNED},
        ),
        ("pass", {"pyproject.toml": '[project]\ndependencies=["torch>=2"]\n', "requirements.txt": PINNED}),
        ("pass", {"requirements.txt": LOOSE, "Pipfile.lock": '{"default": {"a": {"version": "==1.0"}}}'}),
        ("pass", {"environment.yml": "dependencies: [python=3.11.4, numpy=1.26.4]\n"}),
        ("pass", {"environment.yml": CONDA}),
        ("pass", {"conda.yaml": CONDA.replace("- pip\n", "- pip<=23.0\n")}),
        ("pass", {"requirements.txt": "\ufeff" + PINNED}),
        ("pass", {"requirements/base.txt": PINNED}),
        ("pass", {"setup.py": SETUP}),
        ("pass", {"setup.cfg": "[options]\ninstall_requires =\n    torch==2.1.0\n    numpy==1.26.4\n"}),
        ("pass", {"conda-linux-64.lock": EXPLICIT}),
    ],
)
def test_a_lock_with_content_or_every_requirement_of_every_file_pins_the_environment(verdict, files):
    read = tuple(document(role_of(path), text, path) for path, text in files.items())
    evidence = replaced(BARE, documents=read, downloaded=True)
    assert dependencies.assess(evidence).verdict == verdict


COMMIT = 40 * "a"
INCLUDES = "dependencies:\n- numpy=1.26.4\n- pip:\n  - -r reqs.txt\n"
POETRY = "[tool.poetry.dependencies]\n"


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        # What `-r` includes counts, whatever the file is called and however the option is written.
        ({"environment.yml": INCLUDES, "reqs.txt": "torch>=2"}, "partial"),
        ({"environment.yml": INCLUDES, "reqs.txt": "torch==2.1"}, "pass"),
        ({"requirements.txt": "-rbase.txt\ntorch==2.1.0\n"}, "partial"),
        ({"requirements.txt": "--requirement=base.txt\ntorch==2.1.0\n"}, "partial"),
        ({"requirements.txt": "-r requirements-base.txt\n", "requirements-base.txt": "torch==2.1.0"}, "pass"),
        # Exact versions in other files.
        ({"pixi.toml": '[dependencies]\nnumpy = "==1.26.4"\n'}, "pass"),
        ({"pixi.toml": '[dependencies]\nnumpy = "1.26.*"\n'}, "partial"),
        ({"pyproject.toml": '[tool.pixi.dependencies]\nnumpy = "==1.26.4"\n'}, "pass"),
        ({"Pipfile": '[packages]\ntorch = "==2.1.0"\n'}, "pass"),
        ({"Pipfile": '[packages]\ntorch = "*"\n'}, "partial"),
        ({"env.yml": "dependencies:\n- numpy=1.26.4\n"}, "pass"),
        ({"conda_env.yaml": "dependencies:\n- numpy 1.26.4\n"}, "pass"),
        ({"environment.yml": "dependencies:\n- numpy=1.26.x\n"}, "partial"),
        ({"pyproject.toml": POETRY + f't = {{git = "https://github.com/a/b", rev = "{COMMIT}"}}'}, "pass"),
        ({"pyproject.toml": POETRY + 't = {git = "https://github.com/a/b", rev = "main"}'}, "partial"),
        ({"pyproject.toml": POETRY + 't = [{version = "2.1.0"}, {version = "2.2.0"}]'}, "pass"),
        ({"pyproject.toml": POETRY + 't = [{version = "2.1.0"}, {version = "^2.2"}]'}, "partial"),
        ({"requirements.txt": f"https://github.com/a/b/archive/{COMMIT}.zip\n"}, "pass"),
        # Words are no requirements.
        ({"requirements.txt": "see README\n"}, "fail"),
        ({"requirements.txt": "TODO\n"}, "fail"),
        ({"requirements.txt": "This file lists what is needed.\n"}, "fail"),
        ({"requirements.txt": "torch==2.1.0\nsee README\n"}, "pass"),
    ],
)  # fmt: skip
def test_dependencies_are_read_as_their_tools_read_them(files, verdict):
    read = tuple(Document(role=role_of(name), path=name, text=text) for name, text in files.items())
    finding = dependencies.assess(replaced(BARE, documents=read, downloaded=True))
    assert finding.verdict == verdict, finding.reason
