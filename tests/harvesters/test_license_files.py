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
