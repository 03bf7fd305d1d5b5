# SPDX-License-Identifier: MIT
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.schemas.licenses import agreed, joined, of_one, spdx
from fairreg.schemas.licenses.spdx_list import _list

# Identifiers that SPDX has replaced are read as what replaced them.
CURRENT = [name for name in _list() if spdx(name) == name]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("MIT", "MIT"),
        ("mit-license", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("cc-by-4.0", "CC-BY-4.0"),
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("CC BY 4.0", "CC-BY-4.0"),
        ("cc-zero", "CC0-1.0"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("gpl-3.0+", "GPL-3.0-or-later"),
        ("apache2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("odc-odbl", "ODbL-1.0"),
        ("MIT OR apache-2.0", "MIT OR Apache-2.0"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution Non Commercial Share Alike 4.0 International", "CC-BY-NC-SA-4.0"),
        ("Creative Commons Zero v1.0 Universal", "CC0-1.0"),
        ("GNU General Public License v3.0 or later", "GPL-3.0-or-later"),
        ("GNU Lesser General Public License, version 2.1", "LGPL-2.1-only"),
        ("https://spdx.org/licenses/BSD-3-Clause.html", "BSD-3-Clause"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode", "CC-BY-NC-SA-4.0"),
        ("http://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("https://creativecommons.org/publicdomain/zero/1.0/legalcode", "CC0-1.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://www.gnu.org/licenses/gpl-3.0-standalone.html", "GPL-3.0-only"),
    ],
)
def test_known(stated, expected):
    assert spdx(stated) == expected


@pytest.mark.parametrize(
    "stated",
    [
        "other-open",
        "other-pd",
        "notspecified",
        "",
        None,
        "GPL",
        "BSD",
        "cc-by",
        "MIT AND",
        "(",
        "Open Access",
        "info:eu-repo/semantics/openAccess",
        "LicenseRef-scancode-abrms",
        "https://[",
        "https://example.org/mit",
        "Classpath-exception-2.0",
        "x" * 5000,
    ],
)
def test_without_spdx(stated):
    assert spdx(stated) is None


def test_the_first_recognised_counts():
    assert spdx(None, "nonsense", "mit", "cc-by-4.0") == "MIT"


def test_joined_states_all_of_them_once():
    assert joined([]) is None
    assert joined(["MIT", "MIT"]) == "MIT"
    assert joined(["MIT OR Apache-2.0", "CC-BY-4.0"]) == "CC-BY-4.0 AND (MIT OR Apache-2.0)"


@given(st.text(max_size=60) | st.from_regex(r"\A(cc|gnu|creative commons)[ a-z0-9.-]{0,40}\Z"))
def test_any_text_is_answered_and_an_answer_stands_for_itself(stated):
    found = spdx(stated)
    assert found is None or spdx(found) == found


CC, APACHE = "https://creativecommons.org/licenses/by/4.0/", "https://www.apache.org/licenses/LICENSE-2.0"
WORDS = [
    "(",
    ")",
    "or",
    "and",
    "with",
    "the",
    "mit",
    "gpl-2.0-only",
    "classpath-exception-2.0",
    "+",
    "licence",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_words_and_parentheses_in_any_order_are_answered(parts):
    found = spdx(" ".join(parts))
    assert found is None or spdx(found) == found


@pytest.mark.parametrize("stated", ["( or the or", "( ) the", "( )", "( and +", "mit ( mit )", "or"])
def test_misplaced_parentheses_and_operators_are_no_licence(stated):
    assert spdx(stated) is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("MIT", "https://creativecommons.org/licenses/by-nc/4.0/"), None),
        (("Custom non-commercial license", "https://spdx.org/licenses/MIT"), None),
        (("MIT", "https://spdx.org/licenses/MIT", "Apache-2.0"), None),
        (("House rules", "https://example.org/rules"), None),
        (("MIT License", "https://spdx.org/licenses/MIT"), "MIT"),
        (("MIT", "https://example.org/LICENSE"), "MIT"),
        (("Creative Commons Attribution", "https://creativecommons.org/licenses/by/4.0/"), "CC-BY-4.0"),
        (("GPL-3.0-or-later", "https://www.gnu.org/licenses/gpl-3.0.html"), "GPL-3.0-or-later"),
        (("GPL-3.0-or-later", "GPL-3.0-only"), None),
        (("#licence", "https://spdx.org/licenses/MIT"), "MIT"),
        ((), None),
    ],
)
def test_the_names_and_addresses_of_one_licence_agree_or_there_is_none(stated, expected):
    assert agreed(*stated) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("MIT", CC), (None, f"MIT, contradicted by {CC}")),
        (("GPL-2.0-only", "MIT License", CC), (None, "GPL-2.0-only, contradicted by MIT License")),
        (("Creative Commons Attribution 4.0 International", "cc-by-4.0", CC), ("CC-BY-4.0", None)),
        (("House rules", CC), (None, f"House rules ({CC})")),
        (("Note: non-commercial use only", "MIT"), (None, "Note: non-commercial use only")),
        (
            ("MIT", "Terms/conditions: research only"),
            (None, "MIT, contradicted by Terms/conditions: research only"),
        ),
        (("mit", "House rules", "https://spdx.org/licenses/MIT"), (None, "mit, contradicted by House rules")),
        (("MIT", "see https://example.org/l"), ("MIT", None)),
        (("MIT", "./LICENSE.md"), ("MIT", None)),
        (("Open Access", CC), ("CC-BY-4.0", None)),
        (("Copyright 2020 CERN", CC), ("CC-BY-4.0", None)),
        (("info:eu-repo/semantics/openAccess", CC), ("CC-BY-4.0", None)),
        (("Under the Apache License, Version 2.0, unless agreed otherwise", APACHE), ("Apache-2.0", None)),
        (
            ("Apache License, Version 2.0, for non-commercial use", APACHE),
            (None, f"Apache License, Version 2.0, for non-commercial use ({APACHE})"),
        ),
        (("gemma",), (None, "gemma (https://ai.google.dev/gemma/terms)")),
        ((" ", None, "MIT"), ("MIT", None)),
        ((None, ""), (None, None)),
    ],
)
def test_one_licence_of_several_names_is_read_or_said_with_its_contradiction(stated, expected):
    assert of_one(*stated) == expected


def test_the_page_of_every_licence_in_the_list_of_spdx_is_that_licence():
    pages = [spdx(f"https://spdx.org/licenses/{name}{end}") for name in CURRENT for end in ("", ".html")]
    assert pages == [name for name in CURRENT for _ in range(2)]
    assert "CC0-1.0" in CURRENT
