# SPDX-License-Identifier: MIT
"""The terms of each weight file are the nearest, and those of one are not those of the others."""

import json
from functools import partial

import pytest

from fairreg.services.publish.project import read_project
from support.publishing import faults, onnx_bytes, read_written

MIT = "MIT License\n\nCopyright (c) 2026 Ada Rossi\n"
APACHE = "Apache License\nVersion 2.0, January 2004\n"
NC = "Creative Commons Attribution-NonCommercial 4.0 International\n"
NONE = "Copyright 2025 ACME. All rights reserved. No licence is granted.\n"
CARD = "---\nlicense: {}\n---\n# M\n"
CITATION = "cff-version: 1.2.0\nmessage: x\ntitle: M\nauthors:\n- name: X\nlicense: {}\n"
BACKBONE = "models/backbone/w.pt"
LATER = CITATION.format("GPL-3.0-or-later")
REUSE = 'version = 1\n[[annotations]]\npath = "{}"\nSPDX-License-Identifier = "Apache-2.0"\n'


@pytest.fixture
def read(tmp_path):
    return partial(read_written, tmp_path)


@pytest.mark.parametrize(
    "files",
    [
        {BACKBONE: b"x", "models/backbone/LICENSE": APACHE},
        {"models/b.onnx": onnx_bytes(), "models/b.onnx.license": "SPDX-License-Identifier: Apache-2.0\n"},
        {"models/b.onnx": onnx_bytes(), "REUSE.toml": REUSE.format("models/b.onnx")},
        {BACKBONE: b"x", "models/backbone/README.md": CARD.format("apache-2.0")},
    ],
)
@pytest.mark.parametrize("root", [{"LICENSE": NC}, {"LICENSE": NONE}, {}, {"README.md": CARD.format("mit")}])
def test_the_terms_of_one_weight_file_are_not_those_of_the_others(read, root, files):
    found = read({**root, **files})
    (told,) = faults(found)
    assert (found.record.license, found.record.license_stated) == (None, None)
    assert "the weights have several licences" in told
    assert "(Apache-2.0)" in told
    assert all(name in told for name in root or ["none for models/a.onnx"])
    assert "LICENSE-WEIGHTS" in told


def test_the_licence_that_covers_all_weight_files_may_be_stated_as_the_message_says(read):
    files = {BACKBONE: b"x", "models/backbone/LICENSE": APACHE, "LICENSE": NC}
    (told,) = faults(read(files))
    line = "SPDX-License-Identifier: CC-BY-NC-4.0 AND Apache-2.0"
    assert f"such as the line {line}," in told
    found = read({"LICENSE-WEIGHTS": f"{line}\n"})
    assert (found.record.license, found.faults) == ("CC-BY-NC-4.0 AND Apache-2.0", ())
    (told,) = faults(read({"LICENSE-WEIGHTS": "SPDX-License-Identifier: CC-BY-NC-4.0 OR Apache-2.0\n"}))
    assert "models/backbone/LICENSE (Apache-2.0)" in told


def test_a_card_with_both_licences_is_not_that_of_one_weight_file(read):
    files = {BACKBONE: b"x", "models/backbone/LICENSE": APACHE, "LICENSE": NC}
    found = read({**files, "README.md": CARD.format("[cc-by-nc-4.0, apache-2.0]")})
    assert (found.record.license, found.faults) == ("Apache-2.0 AND CC-BY-NC-4.0", ())


def test_an_own_text_of_terms_that_is_no_licence_is_that_of_all_weight_files(read):
    files = {BACKBONE: b"x", "models/backbone/LICENSE": APACHE, "LICENSE": MIT, "LICENSE-WEIGHTS": NONE}
    found = read(files)
    assert (found.record.license, found.record.license_stated) == (None, "Terms in LICENSE-WEIGHTS")
    assert not found.faults


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({BACKBONE: b"x", "models/backbone/LICENSE": APACHE, "LICENSE": APACHE}, "Apache-2.0"),
        ({BACKBONE: b"x", "models/LICENSE": APACHE, "LICENSE": NC}, "Apache-2.0"),
        (
            {"other/w.pt": b"x", "other/LICENSE": APACHE, "models/LICENSE": APACHE, "LICENSE": NC},
            "Apache-2.0",
        ),
        ({"REUSE.toml": REUSE.format("models/*"), "LICENSE": NC}, "Apache-2.0"),
        ({"models/LICENSE-MIT": MIT, "models/LICENSE-APACHE": APACHE}, "Apache-2.0 OR MIT"),
        (
            {
                "models/b.onnx": onnx_bytes(),
                "models/a.onnx.license": "SPDX-License-Identifier: Apache-2.0\n",
                "models/LICENSE": APACHE,
                "LICENSE": NC,
            },
            "Apache-2.0",
        ),
        ({"models/LICENSE": APACHE, "models/LICENSE-DATA": NC}, "Apache-2.0"),
        ({"third_party/llama/LICENSE-MODEL": APACHE, "LICENSE": NC}, "CC-BY-NC-4.0"),
    ],
)
def test_terms_that_cover_every_weight_file_are_those_of_the_record(read, files, licence):
    found = read(files)
    assert (found.record.license, found.faults) == (licence, ())


def test_the_terms_of_a_part_of_a_data_set_are_not_those_of_the_whole(tmp_path):
    texts = {"LICENSE": NC, "jets.csv": "1,2\n", "raw/LICENSE-DATA": APACHE}
    texts["CITATION.cff"] = "cff-version: 1.2.0\nmessage: x\ntitle: M\ntype: dataset\nauthors:\n- name: X\n"
    (tmp_path / "raw").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (told,) = faults(read_project(tmp_path, tuple(texts)))
    assert told.startswith("the data have several licences: raw/LICENSE-DATA (Apache-2.0); LICENSE (CC-BY-NC")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("models/LICENSE.pdf", "%PDF-1.7"),
        ("models/TERMS_OF_USE.md", NONE),
        ("models/USE_POLICY.md", NONE),
        ("models/EULA.txt", NONE),
        ("models/README.md", CARD.format("other\nlicense_name: my-nc")),
        ("MODEL_TERMS.md", NONE),
    ],
)
def test_terms_of_the_weights_in_any_usual_file_are_seen(read, name, text):
    found = read({"LICENSE": MIT, name: text})
    assert found.record.license is None
    assert faults(found) or found.record.license_stated in {f"Terms in {name}", "my-nc"}


@pytest.mark.parametrize("name", ["TERMS_OF_USE.md", "USE_POLICY.md", "EULA.txt", "go_terms.txt"])
def test_other_terms_at_the_top_have_to_agree(read, name):
    told = faults(read({"LICENSE": MIT, name: NONE}))
    assert bool(told) == (name != "go_terms.txt")
    assert not faults(read({"LICENSE-WEIGHTS": "SPDX-License-Identifier: MIT\n"}))


@pytest.mark.parametrize(
    "section",
    [
        "## License\n\nCode: MIT. Weights: CC-BY-NC-4.0.\n",
        "## Terms of use\n\nText.\n\n### Weights\n\nFor research purposes only.\n",
        "**License:**\n\nThe weights are for non-commercial use.\n",
        "Licence\n=======\n\nThe weights are for non-commercial use.\n",
    ],
)
def test_other_terms_below_a_heading_on_licences_are_told(read, section):
    (note,) = read({"LICENSE": MIT, "README.md": f"# M\n\n{section}\n## Next\n\nText.\n"}).notes
    assert note.startswith("README.md, line ")
    assert "speaks of other terms than MIT" in note


def test_other_terms_of_the_weights_in_a_card_need_a_text_of_their_own(read):
    card = "# M\n\n## License\n\nCode: MIT.\n\nData: non-commercial.\n\nWeights: CC-BY-NC-4.0.\n"
    found = read({"LICENSE": MIT, "README.md": card})
    assert found.record.license is None
    (told,) = faults(found)
    assert told.endswith("'Weights: CC-BY-NC-4.0.'; state the terms of the weights in LICENSE-WEIGHTS")
    found = read({"LICENSE-WEIGHTS": NC})
    assert (found.record.license, found.faults) == ("CC-BY-NC-4.0", ())
    found = read({"LICENSE-WEIGHTS": MIT})
    assert (found.record.license, found.faults) == ("MIT", ())


def test_words_on_terms_in_other_sections_are_not_told(read):
    free = "This model is under the MIT License, for commercial and non-commercial purposes.\n"
    assert not read({"LICENSE": MIT, "README.md": f"# M\n\n{free}"}).notes
    text = "---\nlicense: mit\n---\n# M\n\n## License\n\nMIT\n\n## Data\n\nProprietary detectors took them.\n"
    assert not read({"LICENSE": MIT, "README.md": text}).notes


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "LICENSE"])
def test_a_file_that_is_not_published_counts_for_the_licence(read, name):
    stated = {
        "README.md": CARD.format("cc-by-nc-4.0"),
        "CITATION.cff": CITATION.format("CC-BY-NC-4.0"),
        "LICENSE": NC,
    }
    code = json.dumps({"name": "M", "license": "MIT"})
    (told,) = faults(read({"codemeta.json": code, name: stated[name]}, exclude=(name,)))
    assert f"{name} (CC-BY-NC-4.0)" in told


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        (
            {"CITATION.cff": CITATION.format("GPL-3.0-or-later"), ".zenodo.json": "GPL-3.0"},
            "GPL-3.0-or-later",
        ),
        ({"codemeta.json": "GPL-3.0", ".zenodo.json": "GPL-3.0-or-later"}, "GPL-3.0-or-later"),
        ({"CITATION.cff": LATER, ".zenodo.json": "GPL-3.0-only"}, None),
        ({"LICENSE": MIT, ".zenodo.json": "other-open"}, "MIT"),
        ({"LICENSE": NC, ".zenodo.json": "other-open"}, None),
        ({"LICENSE": MIT, ".zenodo.json": "other-closed"}, None),
    ],
)
def test_old_identifiers_and_classes_of_licences_agree_with_the_licence(read, files, licence):
    text = {
        name: json.dumps({"name": "M", "title": "M", "license": value}) if name.endswith(".json") else value
        for name, value in files.items()
    }
    found = read(text)
    assert (found.record.license, not found.faults) == (licence, licence is not None)
    assert not any("or-later AND" in item for item in faults(found))


def test_the_code_may_have_another_licence_than_the_weights(read):
    files = {"CITATION.cff": CITATION.format("MIT"), "LICENSE": MIT, "README.md": CARD.format("cc-by-4.0")}
    (told,) = faults(read(files))
    line = "SPDX-License-Identifier: CC-BY-4.0"
    assert told.endswith(f"or state the terms of the weights in LICENSE-WEIGHTS, such as the line {line}")
    found = read({"LICENSE-WEIGHTS": f"{line}\n"})
    assert (found.record.license, found.faults) == ("CC-BY-4.0", ())
    assert any(note.startswith("CITATION.cff (MIT) counts for the rest") for note in found.notes)


def test_the_message_names_the_file_that_has_to_state_the_licence_of_the_weights(read):
    files = {"CITATION.cff": CITATION.format("MIT"), "LICENSE-WEIGHTS": NC}
    (told,) = faults(read(files))
    card = "state CC-BY-NC-4.0 in the model card, and the licence of the code in LICENSE"
    assert told.endswith(f"state CC-BY-NC-4.0 in CITATION.cff as well; or {card}")
    assert not read({"CITATION.cff": CITATION.format("CC-BY-NC-4.0")}).faults
    found = read({**files, "README.md": CARD.format("cc-by-nc-4.0"), "LICENSE": MIT})
    assert (found.record.license, found.faults) == ("CC-BY-NC-4.0", ())


@pytest.mark.parametrize(
    ("more", "licence"),
    [
        ("", "MIT"),
        ("SPDX-FileCopyrightText: 2026 Google Research\n", "MIT"),
        (MIT, "MIT"),
        ("Non-commercial use only.\n", None),
        ("The weights may not be sold.\n", None),
        ("SPDX-FileCopyrightText: ACME, for non-commercial use only\n", None),
        (NC, None),
    ],
)
def test_a_tag_beside_other_terms_states_no_licence(read, more, licence):
    found = read({"LICENSE-WEIGHTS": f"SPDX-License-Identifier: MIT\n\n{more}"})
    assert found.record.license == licence


def test_a_text_that_is_not_known_may_be_replaced_by_the_line_of_the_message(read):
    (told,) = faults(read({"models/LICENSE": NONE, "README.md": CARD.format("mit")}))
    line = "SPDX-License-Identifier: MIT"
    assert told.endswith(f"by the line {line} alone in models/LICENSE, or no licence in README.md")
    assert not read({"models/LICENSE": f"{line}\n"}).faults


def test_the_word_of_a_class_of_licences_does_not_hide_the_text(read):
    found = read({"LICENSE-WEIGHTS": NONE, "README.md": CARD.format("other"), "LICENSE": MIT})
    assert (found.record.license, found.record.license_stated) == (None, "Terms in LICENSE-WEIGHTS")


def test_weights_under_terms_that_are_no_licence_may_have_code_under_one(read):
    files = {"CITATION.cff": CITATION.format("MIT"), "LICENSE-WEIGHTS": NONE, "LICENSE": MIT}
    (told,) = faults(read(files))
    assert told.endswith(
        "state license: other with license_name in the model card, and the licence of the code in LICENSE"
    )
    found = read({"README.md": CARD.format("other\nlicense_name: deepseek")})
    assert (found.record.license, found.record.license_stated) == (None, "deepseek")
    assert not found.faults


def test_a_notice_tells_only_from_or_later_beside_a_text_that_does_not(read):
    notice = (
        "This program is free software: you can redistribute it and/or modify it under the terms of the GNU "
        "General Public License as published by the Free Software Foundation, either version 3 of the "
        "License, or (at your option) any later version.\n"
    )
    copying = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"
    found = read({"LICENSE": notice, "COPYING": copying, "README.md": CARD.format("gpl-3.0")})
    assert (found.record.license, found.faults) == ("GPL-3.0-or-later", ())
    assert faults(read({"CITATION.cff": CITATION.format("GPL-3.0-only")}))


def test_names_of_one_licence_that_spdx_does_not_list_agree(read):
    card = CARD.format("other\nlicense_name: lab-research\nlicense_link: https://example.org/l")
    found = read({"CITATION.cff": CITATION.format("LicenseRef-lab-research"), "README.md": card})
    assert (found.record.license_stated, found.faults) == ("LicenseRef-lab-research", ())
    cff = CITATION.replace("license: {}", "license-url: https://example.org/l")
    assert not read({"CITATION.cff": cff}).faults
    assert faults(read({"CITATION.cff": cff.replace("/l", "/other")}))
