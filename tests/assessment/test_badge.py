# SPDX-License-Identifier: MIT
from xml.etree import ElementTree as ET

import msgspec
import pytest

from assessment.samples import HBB, replaced, with_record
from fairreg.assessment.rendering.badge import badge_svg, badge_text
from fairreg.assessment.report import assess

REPORT = assess(HBB)
SVG = "{http://www.w3.org/2000/svg}"


def words(report):
    return "".join(ET.fromstring(badge_svg(report)).itertext()).split()


def test_an_awarded_badge_says_the_score_and_has_a_bar_for_each_letter():
    root = ET.fromstring(badge_svg(REPORT))
    assert badge_text(REPORT) == "76 %"
    assert "76 %" in root.attrib["aria-label"]
    bars = [item for item in root.iter(f"{SVG}rect") if item.get("width") == "4"]
    heights = [float(item.get("height")) / 14 for item in bars]
    assert heights == pytest.approx(list(REPORT.letters.values()), abs=0.01)


def test_below_80_percent_of_coverage_there_is_no_score():
    unread = assess(replaced(HBB, downloaded=False, files=(), documents=(), models=()))
    assert unread.coverage < 0.8
    assert badge_text(unread) == "unknown"
    assert "%" not in "".join(words(unread))
    assert badge_text(msgspec.structs.replace(REPORT, overall=None)) == "unknown"


def test_a_failing_essential_indicator_forbids_the_badge():
    assert badge_text(assess(with_record(HBB, license=None, distributions=()))) == "not awarded"


def test_it_is_one_file_without_outside_parts():
    root = ET.fromstring(badge_svg(REPORT))
    names = {item.tag.removeprefix(SVG) for item in root.iter()}
    assert names <= {"svg", "title", "rect", "path", "text"}
    assert not [key for item in root.iter() for key in item.attrib if "href" in key or key.startswith("on")]


def test_text_of_a_rubric_is_escaped():
    strange = msgspec.structs.replace(REPORT, rubric="'/><script>")
    assert not list(ET.fromstring(badge_svg(strange)).iter(f"{SVG}script"))
