# SPDX-License-Identifier: MIT
"""Licence files in the usual layouts of repositories."""

import pytest

from fairreg.formats.repository_files import is_known, read_files

MIT = "MIT License\n\nCopyright (c) 2024 X\n\nPermission is hereby granted, free of charge, to any person\n"
BARE_MIT = (
    "Copyright (c) 2024 X\n\nPermission is hereby granted, free of charge, to any\nperson obtaining a copy\n"
)
APACHE = "                 Apache License\n           Version 2.0, January 2004\n"
BSD = "BSD 3-Clause License\n\nCopyright (c) 2024, X\n"
GPL = "          GNU GENERAL PUBLIC LICENSE\n            Version 3, 29 June 2007\n"
LGPL = "         GNU LESSER GENERAL PUBLIC LICENSE\n           Version 3, 29 June 2007\n"
EITHER = "This software is made available under the terms of either LICENSE.APACHE or LICENSE.BSD.\n"
OWN = "You may use the data for research."


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"LICENSE-MIT": BARE_MIT, "LICENSE-APACHE": APACHE}, "Apache-2.0 OR MIT"),
        ({"LICENSE": EITHER, "LICENSE.APACHE": APACHE, "LICENSE.BSD": BSD}, "Apache-2.0 OR BSD-3-Clause"),
        ({"LICENSE_MIT.txt": MIT, "LICENSE_APACHE-2.0.txt": APACHE}, "Apache-2.0 OR MIT"),
        ({"LICENSE.MIT": MIT}, "MIT"),
        ({"LICENSES/MIT.txt": MIT}, "MIT"),
        ({"LICENSES/MIT.txt": MIT, "LICENSES/CC0-1.0.txt": "CC0"}, "CC0-1.0 AND MIT"),
        ({"COPYING.LESSER": LGPL}, "LGPL-3.0-only"),
        ({"COPYING": GPL, "COPYING.LESSER": LGPL}, "LGPL-3.0-only"),
        ({"LICENSE": MIT}, "MIT"),
        ({"COPYING": GPL}, "GPL-3.0-only"),
    ],
)
def test_the_licence_of_a_layout(files, expected):
    assert all(map(is_known, files))
    assert next(facts.license for facts in read_files(files) if facts.license) == expected


def test_the_licence_of_one_part_is_not_that_of_the_repository():
    facts = read_files(
        {"LICENSE-DATA": "Creative Commons Attribution 4.0 International\n", "LICENSE-CODE": MIT}
    )
    assert [item.license for item in facts] == [None, None]
    assert [item.license_stated for item in facts] == ["LICENSE-CODE: MIT", "LICENSE-DATA: CC-BY-4.0"]


def test_a_licence_outside_the_list_is_stated():
    (facts,) = read_files({"LICENSES/MIT.txt": MIT, "LICENSES/LicenseRef-House.txt": OWN})
    assert (facts.license, facts.license_stated) == (None, "LicenseRef-House AND MIT")


@pytest.mark.parametrize(
    "name", ["license_check.py", "LICENSE.html", "licenses.csv", "src/LICENSES/MIT.txt", "copying.go"]
)
def test_a_file_about_licences_is_not_one(name):
    assert not is_known(name)


TERMS_OF_MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
YEAR = "Copyright (c) 2024 X and others\n\n"
GOOD_NOT_EVIL = TERMS_OF_MIT.replace("\n\nTHE", "\n\nThe Software shall be used for Good, not Evil.\n\nTHE")
PERMISSION = "Permission is hereby granted, free of charge, to any person obtaining a copy"


@pytest.mark.parametrize(
    "text",
    [
        f"MIT License\n\n{YEAR}{TERMS_OF_MIT}",
        f"# The MIT License (MIT)\n\n{YEAR}{TERMS_OF_MIT}",
        f"{YEAR}{TERMS_OF_MIT}",
        f"{YEAR}SPDX-License-Identifier: MIT\n\n{TERMS_OF_MIT}",
        f"License\n=======\n\nCopyright © 2024 X\n   and Y\nAll rights reserved.\n\n{TERMS_OF_MIT}",
        "MIT License\r\n\r\n" + TERMS_OF_MIT.replace("\n", "\r\n"),
    ],
)
def test_a_licence_text_with_title_and_copyright_lines_is_recognised(text):
    assert [facts.license for facts in read_files({"LICENSE": text})] == ["MIT"]


@pytest.mark.parametrize(
    "text",
    [
        f'"Commons Clause" License Condition v1.0\n\nNo right to Sell.\n\n{TERMS_OF_MIT}',
        f"MIT License\n\n{YEAR}{TERMS_OF_MIT}\nCommons Clause: you may not sell the Software.\n",
        f"Non-Commercial License\n\n{YEAR}{PERMISSION}\nfor non-commercial use only.",
        f"MIT License\n\n{YEAR}{TERMS_OF_MIT}\nThe model weights are licensed under CC BY-NC 4.0.\n",
        f"MIT License\n\nCopyright (c) 2024 X, for non-commercial use only\n\n{TERMS_OF_MIT}",
        f"Notices of third parties\n\nlibfoo\n{YEAR}{TERMS_OF_MIT}",
        f"Third-party notices\n\nlibfoo\n{YEAR}{TERMS_OF_MIT}\nlibbar\n\n{APACHE}",
        f"The JSON Licence of X\n\n{YEAR}{GOOD_NOT_EVIL}",
        f"MIT License\n\n{YEAR}{GOOD_NOT_EVIL}",
        f"{YEAR}This Font Software is under the SIL Open Font License.\n\n{PERMISSION} of the Font Software.",
        f"{APACHE}\nThe weights are for research purposes only.\n",
        f"{APACHE}\nYou may not use this software for commercial purposes.\n",
        f"{BSD}\nRedistribution and use for research are permitted.\n",
        f"{GPL}\nwith the Commons Clause\n",
        "Creative Commons Attribution 4.0 International\n\nThe code may not be used commercially.\n",
        "BSD 3-Clause License\n\nWith the exception of the weights.\n",
    ],
)
def test_a_text_with_other_terms_is_not_the_licence_that_it_quotes(text):
    (facts,) = read_files({"LICENSE": text})
    assert (facts.license, facts.license_stated) == (None, None)
    assert not any(
        item.license for item in read_files({"LICENSE-MIT": f"For research purposes only.\n{text}"})
    )


def test_terms_after_the_end_of_a_long_licence_make_it_another():
    words = " ".join(["word"] * 1400)
    whole = f"{APACHE}\n{words}\nEND OF TERMS AND CONDITIONS\n"
    texts = (whole, f"{whole}\nWeights: see MODEL_LICENSE.\n", f"{APACHE}\n{words}")
    assert [read_files({"LICENSE": text})[0].license for text in texts] == ["Apache-2.0", None, None]
