# SPDX-License-Identifier: MIT
"""Licences by the notice, the sentence or the summary that stands in the place of their text."""

import pytest

from fairreg.schemas.licenses.notices import license_of_statement
from fairreg.schemas.licenses.texts import license_of_text

GNU = (
    "This program is free software: you can redistribute it and/or modify it under the terms of the GNU "
    "General Public License as published by the Free Software Foundation, either version 3 of the License, "
    "or (at your option) any later version.\n\nThis program is distributed in the hope that it will be "
    "useful, but WITHOUT ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS FOR "
    "A PARTICULAR PURPOSE. See the GNU General Public License for more details.\n\nYou should have received "
    "a copy of the GNU General Public License along with this program. If not, see "
    "<https://www.gnu.org/licenses/>.\n"
)
LESSER = GNU.partition(", either")[0].replace("General", "Lesser General") + "; version 2.1 of the License."
CC = (
    "This work is licensed under the Creative Commons Attribution 4.0 International License. To view a copy "
    "of this license, visit http://creativecommons.org/licenses/by/4.0/ or send a letter to Creative "
    "Commons, PO Box 1866, Mountain View, CA 94042, USA.\n"
)
HTML = (
    '<a rel="license" href="http://creativecommons.org/licenses/by/4.0/"><img alt="Creative Commons License"'
    ' src="https://i.creativecommons.org/l/by/4.0/88x31.png" /></a><br />This work is licensed under a '
    '<a rel="license" href="http://creativecommons.org/licenses/by/4.0/">Creative Commons Attribution 4.0 '
    "International License</a>."
)
DEED = (
    "# Attribution{} 4.0 International\n\nYou are free to:\n\n- **Share** - copy and redistribute the "
    "material in any medium or format\n- **Adapt** - remix, transform, and build upon the material\n\n"
    "Under the following terms:\n\n- **Attribution** - You must give appropriate credit, provide a link to "
    "the license, and indicate if changes were made. You may do so in any reasonable manner, but not in any "
    "way that suggests the licensor endorses you or your use.\n"
)
NC = "- **NonCommercial** - You may not use the material for commercial purposes.\n"
MIT = "MIT License\n\nCopyright (c) 2025 {}\n\nPermission is hereby granted, free of charge, to any person\n"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (GNU, "GPL-3.0-or-later"),
        ("Copyright (C) 2025 Ada Rossi\n" + GNU.partition("\n")[0], "GPL-3.0-or-later"),
        (LESSER, "LGPL-2.1-only"),
        (CC, "CC-BY-4.0"),
        ("Copyright (c) 2025 Ada Rossi\n\n" + CC, "CC-BY-4.0"),
        (HTML, "CC-BY-4.0"),
        (DEED.format(""), "CC-BY-4.0"),
        (DEED.format("-NonCommercial") + NC, "CC-BY-NC-4.0"),
        ("# License\n\nThis project is licensed under the [MIT](https://opensource.org/license/mit).", "MIT"),
    ],
)
def test_a_notice_in_place_of_the_text_is_of_its_licence(text, licence):
    assert license_of_text(text) == licence


@pytest.mark.parametrize(
    "text",
    [
        GNU + "It may not be used for military purposes.\n",
        GNU.replace("either version 3 of the License, or (at your option) any later version", "see below"),
        CC.replace("http://creativecommons.org/licenses/by/", "http://creativecommons.org/licenses/by-nc/"),
        HTML.replace("licenses/by/4.0/", "licenses/by-nd/4.0/", 1),
        CC + "The weights are for research only.\n",
        "This work is licensed under the MIT License, for research only.",
        "The code is licensed under the MIT License.",
        "The data are licensed under the MIT License.",
        DEED.format("") + NC,
        DEED.format("-NonCommercial"),
        DEED.format("") + "- You may not train models with it.\n",
    ],
)
def test_a_notice_with_other_words_is_none(text):
    assert license_of_text(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "licence"),
    [
        ("The weights are licensed under the MIT License.\n", "model", "MIT"),
        ("The model weights are released under CC-BY-4.0.", "model", "CC-BY-4.0"),
        ("# Licence of the weights\n\n[MIT](https://opensource.org/license/mit)\n", "model", "MIT"),
        ("The data are licensed under CC0-1.0.", "dataset", "CC0-1.0"),
        ("The data are licensed under CC0-1.0.", "model", None),
        ("The code is licensed under the MIT License.", "model", None),
        ("The weights are licensed under the MIT License for research.", "model", None),
        ("The weights are not licensed under the MIT License.", "model", None),
        ("The weights are licensed under my terms.", "model", None),
    ],
)
def test_a_sentence_on_the_weights_states_their_licence(text, kind, licence):
    assert license_of_statement(text, kind) == licence


@pytest.mark.parametrize(
    "holder",
    [
        "Google Research",
        "Simula Research Laboratory",
        "Fermi Research Alliance, LLC",
        "Max Planck Institute for Nuclear Research",
        "Swiss Federal Research Institute for Forest, Snow and\nLandscape Research",
        "May Smith",
        "CERN, for the benefit of the ATLAS collaboration",
    ],
)
def test_words_in_the_name_of_a_holder_are_no_terms(holder):
    assert license_of_text(MIT.format(holder)) == "MIT"
    assert license_of_text(f"Copyright 2025 {holder}. All rights reserved.\n\n{MIT.format('X')}") == "MIT"


@pytest.mark.parametrize(
    "holder",
    [
        "ACME. For Research",
        "ACME, for academic research",
        "ACME. Research Use Only",
        "ACME Research. The weights may not be shared",
        "ACME. May not be shared",
        "Google Research, licensed for evaluation",
    ],
)
def test_terms_behind_a_holder_are_those_of_another_licence(holder):
    assert license_of_text(MIT.format(holder)) is None


def test_the_notice_of_the_apache_license_may_stand_in_place_of_its_appendix():
    terms = " ".join(["word"] * 1406) + " END OF TERMS AND CONDITIONS\n\n"
    notice = (
        " ".join(["word"] * 73)
        + " specific language governing permissions and limitations under the License."
    )
    head = "Apache License\nVersion 2.0, January 2004\n\n"
    assert license_of_text(f"{head}{terms}\nCopyright 2025 Ada Rossi\n\n{notice}") == "Apache-2.0"
    assert license_of_text(f"{head}{terms}\nNot for use in weapons.") is None
