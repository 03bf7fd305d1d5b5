# SPDX-License-Identifier: MIT
"""Names and addresses of the SPDX list, and the spellings that indexes and repositories use."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.schemas.licenses import of_one, spdx, with_address
from fairreg.schemas.licenses.spdx_list import location

LIST = json.loads(files("fairreg.schemas.licenses").joinpath("spdx.json").read_text(encoding="utf-8"))[
    "licenses"
]
IN_USE = {key: item for key, item in LIST.items() if "deprecated" not in item}


def places(of: dict) -> dict[str, set[str]]:
    """Licences by each address, and by the page that it is on: a page of several is that of none."""
    found: dict[str, set[str]] = {}
    for key, item in of.items():
        for address in item.get("addresses", ()):
            place = "".join(location(address) or ())
            for part in {place, place.partition("#")[0]}:
                found.setdefault(part, set()).add(key)
    return found


def test_every_identifier_and_name_of_the_list_is_read():
    assert [key for key in IN_USE if spdx(key) != key or spdx(key.lower()) != key] == []
    assert [key for key, item in IN_USE.items() if spdx(item["name"]) != key] == []


def test_every_deprecated_identifier_has_an_answer():
    answers = {key: spdx(key) for key in LIST if key not in IN_USE}
    assert [key for key, answer in answers.items() if answer is None] == []
    assert answers["GPL-2.0+"] == "GPL-2.0-or-later"
    assert answers["GPL-2.0-with-classpath-exception"] == "GPL-2.0-only WITH Classpath-exception-2.0"


# The page lists all licences of Creative Commons.
ABOUT_SEVERAL = {"https://creativecommons.org/share-your-work/cclicenses/"}


def test_every_address_of_one_licence_is_read():
    alone = {place for place, keys in places(IN_USE).items() if len(keys) == 1}
    missed = [
        (key, address)
        for key, item in IN_USE.items()
        for address in item.get("addresses", ())
        if "".join(location(address) or ()) in alone and address not in ABOUT_SEVERAL and spdx(address) != key
    ]
    assert missed == []


def test_an_address_of_several_licences_is_none_unless_they_are_variants_of_one():
    assert spdx("https://www.gnu.org/licenses/agpl.txt") == "AGPL-3.0-only"
    assert spdx("https://scripts.sil.org/cms/scripts/page.php?item_id=OFL_web") == "OFL-1.1"
    assert spdx("http://www.microsoft.com/opensource/licenses.mspx") is None
    assert spdx("https://fedoraproject.org/wiki/Licensing/MIT") is None
    assert spdx("https://fedoraproject.org/wiki/Licensing/MIT#feh") == "MIT-feh"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("3-Clause BSD", "BSD-3-Clause"),
        ("New BSD License", "BSD-3-Clause"),
        ("BSD (3 clause)", "BSD-3-Clause"),
        ('BSD 2-Clause "Simplified" License', "BSD-2-Clause"),
        ("Zero-Clause BSD (0BSD)", "0BSD"),
        ("Expat", "MIT"),
        ("MIT + file LICENSE", "MIT"),
        ("ＭＩＴ", "MIT"),
        ("“MIT”", "MIT"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("Apache License 2.0 or MIT License", "Apache-2.0 OR MIT"),
        ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("GPL (>= 2)", "GPL-2.0-or-later"),
        ("GPL version 3 or (at your option) any later version", "GPL-3.0-or-later"),
        ("GNU Library General Public License v2 or later", "LGPL-2.0-or-later"),
        ("LGPLv2.1+", "LGPL-2.1-or-later"),
        ("AGPLv3", "AGPL-3.0-only"),
        ("GNU Free Documentation License 1.3", "GFDL-1.3-only"),
        ("mplv2", "MPL-2.0"),
        ("EUPLv1.2", "EUPL-1.2"),
        ("European Union Public Licence v. 1.2", "EUPL-1.2"),
        ("Attribution 4.0 International (CC BY 4.0)", "CC-BY-4.0"),
        ("Creative Commons Attribution (CC-BY) 4.0", "CC-BY-4.0"),
        ("Apache Software License (Apache-2.0)", "Apache-2.0"),
        ("BSD License (BSD-3-Clause)", "BSD-3-Clause"),
        ("Creative Commons (CC-BY-4.0)", "CC-BY-4.0"),
        ("Licensed under the Apache License (Apache-2.0)", "Apache-2.0"),
        ("GNU General Public License (GPL-3.0-or-later)", "GPL-3.0-or-later"),
        ("CC BY 4", "CC-BY-4.0"),
        ("Creative Commons Attribution 3.0 Germany", "CC-BY-3.0-DE"),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
        ("OpenMDW-1.0 OR MIT", "MIT OR OpenMDW-1.0"),
        ("pddl", "PDDL-1.0"),
        ("c-uda", "C-UDA-1.0"),
        ("lgpl-lr", "LGPLLR"),
        ("SPDX-License-Identifier: Apache-2.0", "Apache-2.0"),
        ("Licensed under the Apache License, Version 2.0", "Apache-2.0"),
        ("[MIT](https://opensource.org/licenses/MIT)", "MIT"),
        ("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("License :: OSI Approved :: MIT License", "MIT"),
        (
            "License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)",
            "LGPL-2.0-or-later",
        ),
        ("License :: OSI Approved :: Mozilla Public License 1.0 (MPL)", "MPL-1.0"),
        ("License :: OSI Approved :: zlib/libpng License", "Zlib"),
    ],
)
def test_a_common_spelling(stated, expected):
    found = spdx(stated)
    assert found is not None
    assert set(found.split(" OR ")) == set(expected.split(" OR "))


@pytest.mark.parametrize(
    "stated",
    [
        "Proprietary, formerly (Apache-2.0)",
        "Not (CC-BY-4.0)",
        "No licence (CC0-1.0) given",
        "Modified Apache License (Apache-2.0)",
        "All rights reserved; parts (BSD-3-Clause)",
        "Code is open (Apache-2.0), weights are not",
        "Apache License 2.0 (Apache-2.0) or MIT",
        "Only the code is under Apache License (Apache-2.0)",
        "GPL (> 2)",
        "GPL (< 3)",
        "GPL (<= 2)",
        "GPL (!= 3)",
        "GPL (≤ 2)",
        "GPL < 3",
        "GPL ~ 3",
        "Apache Software License",
        "Apache",
        "Mozilla Public License",
        "GNU General Public License (GPL)",
        "Creative Commons Attribution",
        "All rights reserved",
        "Public domain",
        "MIT License (modified)",
        "MIT License (Non-Commercial)",
        "MIT License (NC)",
        "Modified MIT License",
        "MIT-style",
        "BSD/MIT",
        "MIT/X11",
        "MIT, Apache-2.0",
        "Data under CC0, code under MIT",
        "GNU General Public License v3 with exceptions",
        "GNU General Public License v2 (GPLv2+)",
        "MIT https://www.apache.org/licenses/LICENSE-2.0",
        "License :: OSI Approved :: BSD License",
        "License :: OSI Approved",
        "https://www.gnu.org/licenses/gpl.html",
        "https://opensource.org/licenses/",
        "https://opensource.org/licenses/bsd-license.php",
        "https://creativecommons.org/licenses/by/",
        "https://github.com/org/repo/blob/main/LICENSE",
    ],
)
def test_nothing_is_guessed(stated):
    assert spdx(stated) is None


FAMILIES = (
    "GPL",
    "gpl",
    "LGPL",
    "AGPL",
    "GFDL",
    "GNU",
    "BSD",
    "Apache",
    "MPL",
    "LicenseRef-GPL",
    "licenseref-gpl",
)
EXPRESSIONS = (
    "({})", "MIT or {}", "{} AND MIT", "MIT/{}", "({}) OR (MIT)", "{} with classpath-exception-2.0", "{}+",
    "MIT AND (ISC OR {})",
)  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_without_a_version_is_no_licence_anywhere_in_an_expression(family):
    assert [form for form in EXPRESSIONS if spdx(form.format(family))] == []


def test_a_family_with_its_version_is_read_in_an_expression():
    assert spdx("MIT or GPL-2.0+") == "MIT OR GPL-2.0-or-later"
    assert spdx("(GPL-3.0)") == "GPL-3.0-only"
    assert spdx("gpl-2.0 with classpath-exception-2.0") == "GPL-2.0-only WITH Classpath-exception-2.0"


LANGUAGES = ("", "en", "de", "fr", "ja", "zh-hans", "zh_TW", "pt-br", "es_ES", "nl", "it")
PAGES = ("", "/", "/deed", "/legalcode", "/legalcode.txt", "/?ref=chooser-v1", "/rdf")
TERMS = ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")


@given(
    st.sampled_from(TERMS),
    st.sampled_from(("2.0", "2.5", "3.0", "4.0")),
    st.sampled_from(PAGES),
    st.sampled_from(LANGUAGES),
    st.sampled_from(("http://", "https://www.", "")),
)
def test_a_creative_commons_address_in_any_language(terms, version, page, language, start):
    suffix = f".{language}" if language and page in {"/deed", "/legalcode"} else ""
    address = f"{start}creativecommons.org/licenses/{terms}/{version}{page}{suffix}"
    assert spdx(address) == f"CC-{terms.upper()}-{version}"


CC = "https://creativecommons.org/licenses"


@pytest.mark.parametrize(
    "stated",
    [
        f"{CC}/by/3.0/fr/",
        f"{CC}/by-nc-sa/3.0/au",
        f"{CC}/by/2.0/kr/deed.ko",
        f"{CC}/by-nd/2.5/it/legalcode",
        f"{CC}/by/2.5/scotland/",
        f"{CC}/by/3.0/fr?lang=en",
        "https://i.creativecommons.org/l/by/3.0/fr/88x31.png",
        f"CC BY 3.0 ({CC}/by/3.0/fr/)",
        f"[CC BY 3.0]({CC}/by/3.0/fr/)",
        "Creative Commons Attribution 3.0 France",
        "Creative Commons Attribution 3.0 (IT)",
        "Creative Commons Attribution 3.0 (CL)",
        "CC BY 3.0 FR",
    ],
)
def test_a_ported_licence_is_not_the_one_it_was_made_of(stated):
    assert spdx(stated) is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (f"{CC}/by/3.0/igo/legalcode", "CC-BY-3.0-IGO"),
        (f"{CC}/by-sa/2.1/jp/", "CC-BY-SA-2.1-JP"),
        (f"{CC}/by/3.0/us/deed.de", "CC-BY-3.0-US"),
        ("https://i.creativecommons.org/l/by/3.0/us/88x31.png", "CC-BY-3.0-US"),
        ("CC BY 3.0 AU", "CC-BY-3.0-AU"),
        ("Creative Commons Attribution 3.0 (CC BY)", "CC-BY-3.0"),
        (f"{CC}/by/4.0/fr/", "CC-BY-4.0"),  # a language: 4.0 has no ports
    ],
)
def test_a_ported_licence_of_the_list(stated, expected):
    assert spdx(stated) == expected


def test_the_address_of_a_port_contradicts_the_name_of_another_licence():
    address = f"{CC}/by/3.0/fr/"
    assert of_one("CC BY 3.0", address) == (None, f"CC BY 3.0, contradicted by {address}")
    assert of_one("CC BY 3.0", f"{CC}/by/3.0/deed.fr") == ("CC-BY-3.0", None)


def test_a_badge_of_creative_commons():
    assert spdx("https://licensebuttons.net/l/by-sa/4.0/88x31.png") == "CC-BY-SA-4.0"
    assert spdx("https://creativecommons.org/publicdomain/zero/1.0/deed.ja") == "CC0-1.0"


@given(
    st.sampled_from(sorted(IN_USE)),
    st.sampled_from(("{}", " {} ", '"{}"', "{}.", "The {} License", "{} licence")),
)
def test_an_identifier_in_any_wrapping(key, wrapping):
    assert spdx(wrapping.format(key)) == key


@given(st.text(alphabet="MITGPLv23+-./|() orandcby0&:", max_size=40))
def test_an_answer_is_an_expression_of_the_list(stated):
    found = spdx(stated)
    assert found is None or spdx(found) == found


def test_a_licence_of_models_is_kept_as_stated_with_its_address():
    assert spdx("gemma", "llama3.1", "openrail", "other") is None
    assert with_address("gemma") == "gemma (https://ai.google.dev/gemma/terms)"
    assert with_address("Llama 3.1 Community License Agreement").endswith(
        "(https://www.llama.com/llama3_1/license/)"
    )
    assert with_address("creativeml-openrail-m").endswith("/CompVis/stable-diffusion-license)")
    assert with_address("openrail") == "openrail"  # a family
    assert with_address("House rules") == "House rules"


@pytest.mark.parametrize(
    "address",
    [
        "https://creativecommons.org/licenses/sampling/1.0/",
        "https://creativecommons.org/licenses/by-foo/4.0/",
        "https://creativecommons.org/licenses/foo-by/4.0/",
        "https://creativecommons.org/licenses/by-by/4.0/",
        "https://creativecommons.org/publicdomain/zeroes/1.0/",
        "https://creativecommons.org/publicdomain/markets/",
        "https://mit-license.org.evil.com/foo",
        "https://mit-license.organic/",
        "https://unlicense.org.evil.com/",
        "https://apache.org/licenses/license-2.0-nc",
        "https://apache.org/licenses/license-2.05",
        "https://gnu.org/licenses/old-licenses/gpl-2.0-faq.html",
        "https://www.mozilla.org/MPL/2.0/FAQ/",
        "https://www.eclipse.org/legal/epl-2.0/faq.php",
        "https://opensource.org/news/mit",
        "https://spdx.org.evil.com/licenses/MIT",
    ],
)
def test_an_address_that_begins_as_that_of_a_licence_is_another_page(address):
    assert spdx(address) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://mit-license.org", "MIT"),
        ("https://mit-license.org/license.html", "MIT"),
        ("https://unlicense.org/#the-unlicense", "Unlicense"),
        ("https://www.apache.org/licenses/LICENSE-2.0#redistribution", "Apache-2.0"),
        ("https://www.gnu.org/licenses/gpl-3.0.en.html", "GPL-3.0-only"),
        ("https://www.gnu.org/licenses/gpl-3.0.pt-br.html", "GPL-3.0-only"),
        ("https://www.gnu.org/licenses/old-licenses/gpl-2.0-standalone.html", "GPL-2.0-only"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
        ("https://www.mozilla.org/en-US/MPL/2.0/", "MPL-2.0"),
        ("https://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("https://licenses.nuget.org/MIT", "MIT"),
        ("https://tldrlegal.com/license/mit-license", "MIT"),
    ],
)
def test_an_address_of_a_form_of_the_same_page_is_that_of_the_licence(address, expected):
    assert spdx(address) == expected
