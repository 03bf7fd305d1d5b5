# SPDX-License-Identifier: MIT
"""The licence of a publication: the terms of the weights first, and nothing public where files disagree."""

import json
from functools import partial

import pytest
from onnx import helper, load_from_string

from fairreg.errors import FairregError
from fairreg.services.publish.project import read_project
from support.publishing import faults, onnx_bytes, read_written

MIT = "MIT License\n\nCopyright (c) 2026 Ada Rossi\n"
BY = "Creative Commons Attribution 4.0 International\n"
NONE = "All rights reserved. No licence is granted for the weights.\n"
CITATION = "cff-version: 1.2.0\nmessage: x\ntitle: M\nauthors:\n- name: X\nlicense: {}\n"
CARD = "---\nlicense: {}\n---\n# M\n"
CRATE = {
    "@context": "https://w3id.org/ro/crate/1.1/context",
    "@graph": [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": "M",
            "license": {"@id": "https://spdx.org/licenses/CC-BY-NC-4.0"},
        },
    ],
}


@pytest.fixture
def read(tmp_path):
    return partial(read_written, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "licence", "words"),
    [
        ("LICENSE-WEIGHTS", BY, "CC-BY-4.0", None),
        ("LICENSE-WEIGHTS.md", NONE, None, "Terms in LICENSE-WEIGHTS.md"),
        ("MODEL_LICENSE.txt", NONE, None, "Terms in MODEL_LICENSE.txt"),
        ("LICENSE-MODEL.pdf", NONE, None, "Terms in LICENSE-MODEL.pdf"),
        ("models/LICENSE", NONE, None, "Terms in models/LICENSE"),
        ("models/a.onnx.license", "SPDX-License-Identifier: CC-BY-4.0\n", "CC-BY-4.0", None),
    ],
)
def test_the_terms_of_the_weights_are_those_of_the_record(read, name, text, licence, words):
    found = read({"LICENSE": MIT, name: text})
    assert (found.record.license, found.record.license_stated, found.faults) == (licence, words, ())
    assert any(note.startswith("LICENSE (MIT) counts for the rest") for note in found.notes)
    (told,) = faults(read({"CITATION.cff": CITATION.format("MIT")}, exclude=(name,)))
    assert name in told
    assert "CITATION.cff (MIT)" in told


@pytest.mark.parametrize(
    "name",
    [
        "docs/model-license.py",
        "LICENSE-DATA",
        "third_party/LICENSE",
        "terms_weights.txt",
        "model-licenses/x.txt",
    ],
)
def test_texts_of_something_else_are_not_the_terms_of_the_weights(read, name):
    found = read({"LICENSE": MIT, name: NONE})
    assert (found.record.license, found.faults, found.notes) == ("MIT", (), ())


@pytest.mark.parametrize(
    "files",
    [
        {"CITATION.cff": CITATION.format("MIT"), "README.md": CARD.format("cc-by-nc-4.0")},
        {"CITATION.cff": CITATION.format("MIT"), "README.md": CARD.format("other\nlicense_name: my-nc")},
        {"CITATION.cff": CITATION.format("MIT"), ".zenodo.json": '{"license": "other-closed"}'},
        {"CITATION.cff": CITATION.format("MIT"), "LICENSE": "Proprietary. All rights reserved."},
        {"CITATION.cff": CITATION.format("MIT"), "LICENSE": BY},
        {"README.md": CARD.format("mit"), "MODEL_CARD.md": CARD.format("cc-by-nc-4.0")},
        {"LICENSE": MIT, "COPYING": BY},
        {"LICENSE": MIT, "facts.toml": 'license = "CC-BY-NC-4.0"\n'},
        {"LICENSE": MIT, "ro-crate-metadata.json": json.dumps(CRATE)},
        {"LICENSES/MIT.txt": MIT, "LICENSES/CC0-1.0.txt": "x", "CITATION.cff": CITATION.format("MIT")},
        {"CITATION.cff": CITATION.format("MIT"), "LICENSES/LicenseRef-NC.txt": NONE},
        {"LICENSE-WEIGHTS": BY, "models/LICENSE": NONE},
    ],
)
def test_files_that_disagree_are_a_fault_that_names_them(read, files):
    found = read(files)
    (told,) = faults(found)
    assert all(name.split("/")[0] in told for name in files)
    assert (found.record.license, found.record.license_stated) == (None, None)


def test_a_property_of_the_model_that_disagrees_is_a_fault(read):
    model = load_from_string(onnx_bytes())
    helper.set_model_props(model, {"license": "CC-BY-NC-4.0"})
    (told,) = faults(read({"LICENSE": MIT, "models/a.onnx": model.SerializeToString()}))
    assert "models/a.onnx (CC-BY-NC-4.0); LICENSE (MIT)" in told


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        (
            {"CITATION.cff": CITATION.format("GPL-3.0-or-later"), "README.md": CARD.format("gpl-3.0")},
            "GPL-3.0-or-later",
        ),
        (
            {"CITATION.cff": CITATION.format("[MIT, Apache-2.0]"), "README.md": CARD.format("mit")},
            "Apache-2.0 OR MIT",
        ),
        (
            {"LICENSE-MIT": MIT, "LICENSE-APACHE": "Apache License\nVersion 2.0, January 2004\n"},
            "Apache-2.0 OR MIT",
        ),
        ({"CITATION.cff": CITATION.format("BSD-3-Clause"), "README.md": CARD.format("bsd")}, "BSD-3-Clause"),
        ({"CITATION.cff": CITATION.format("MIT"), "README.md": CARD.format("unknown")}, "MIT"),
        ({"LICENSE": MIT, "codemeta.json": '{"name": "M", "license": "LICENSE"}'}, "MIT"),
        (
            {
                "LICENSES/MIT.txt": MIT,
                "LICENSES/CC0-1.0.txt": "x",
                "REUSE.toml": '[[annotations]]\npath = "models/*"\nSPDX-License-Identifier = "MIT"\n',
                "CITATION.cff": CITATION.format("MIT"),
            },
            "MIT",
        ),
    ],
)
def test_files_that_say_the_same_in_other_words_agree(read, files, licence):
    found = read(files)
    assert (found.record.license, found.faults) == (licence, ())


def test_words_of_a_class_of_licences_give_way_to_a_name(read):
    files = {
        ".zenodo.json": '{"license": "other-closed"}',
        "README.md": CARD.format("other\nlicense_name: my-nc"),
    }
    found = read({**files, "LICENSE": NONE})
    assert (found.record.license_stated, found.faults) == ("my-nc", ())


def test_a_line_on_other_terms_in_a_model_card_is_told(read):
    line = "The code is under the MIT License, the weights are licensed for non-commercial use."
    found = read({"LICENSE": MIT, "README.md": f"# M\n\n{line}\n"})
    (note,) = found.notes
    assert note.startswith("README.md, line 3, speaks of other terms than MIT: 'The code is under")
    assert not read({"README.md": CARD.format("cc-by-nc-4.0") + line, "LICENSE": "mine"}).notes


def test_a_link_in_place_of_the_terms_of_the_weights_is_refused(read, tmp_path):
    (tmp_path / "LICENSE-WEIGHTS").symlink_to("/etc/hostname")
    with pytest.raises(FairregError, match="LICENSE-WEIGHTS states a licence, and is a link"):
        read({"LICENSE": MIT})


def test_nothing_is_published_where_licences_disagree(run, push, stand, hub, folder):
    (folder / "LICENSE-WEIGHTS").write_text(NONE)
    for publish in (run, push):
        (fault,) = publish().faults
        assert "LICENSE-WEIGHTS" in fault.message
    assert not stand.published()
    assert all(item.private for item in hub.repositories.values())


def test_both_licences_of_code_and_weights_may_be_stated(read):
    files = {"CITATION.cff": CITATION.format("MIT"), "README.md": CARD.format("cc-by-4.0")}
    both = json.dumps({"name": "M", "license": "MIT AND CC-BY-4.0"})
    found = read({**files, "facts.toml": 'license = "MIT"\n', "LICENSE": MIT})
    # CITATION.cff takes one licence, or a choice.
    assert faults(found)[0].endswith(
        "make them agree; or state the terms of the weights in LICENSE-WEIGHTS, such as the line "
        "SPDX-License-Identifier: CC-BY-4.0"
    )
    found = read({"CITATION.cff": ""})
    assert "such as CC-BY-4.0 AND MIT in all metadata files" in faults(found)[0]
    found = read({"codemeta.json": both, "README.md": CARD.format("cc-by-4.0")})
    assert (found.record.license, found.faults) == ("MIT AND CC-BY-4.0", ())
    found = read({"LICENSE-WEIGHTS": BY, "facts.toml": ""})
    assert (found.record.license, found.faults) == ("CC-BY-4.0", ())


def test_the_licence_of_a_data_set_is_that_of_its_data(tmp_path):
    texts = {"LICENSE": MIT, "LICENSE-DATA": BY, "jets.csv": "1,2\n"}
    texts["CITATION.cff"] = "cff-version: 1.2.0\nmessage: x\ntitle: M\ntype: dataset\nauthors:\n- name: X\n"
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = read_project(tmp_path, tuple(texts))
    assert (found.record.kind, found.record.license, found.faults) == ("dataset", "CC-BY-4.0", ())
