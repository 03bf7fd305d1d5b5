# SPDX-License-Identifier: MIT
import gc
import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairreg
from fairreg.schemas.text import (
    clean,
    counted,
    holds_invisible,
    one_line,
    plain_text,
    split_keywords,
    without_hidden,
    without_invisible,
)
from support.hidden_text import BLANK, IGNORABLE, in_selectors, in_tags


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a&nbsp;b &ldquo;c&rdquo;</p>\n\n<p>d <b>e</b>f</p>", "a b “c”\n\nd ef"),
        ("p < 0.05 and x<y & AT&amp;T", "p < 0.05 and x<y & AT&T"),
        ("<p>if x<y and a < b then</p>", "if x<y and a < b then"),
        ("one\r\n\r\n\r\n\r\ntwo\nthree", "one\n\ntwo\nthree"),
        ("<ul><li>1</li><li>2</li></ul>", "1\n2"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<pre>x\n  y</pre>", "x\ny"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<script>alert(1)</script><style>p{}</style><p>t</p><!-- c -->", "t"),
        ("https://example.org/not-markup", "https://example.org/not-markup"),
        ("notes.txt", "notes.txt"),
        ("<p>unclosed <i>tags", "unclosed tags"),
        ("\x00a\ud800b", "ab"),
        ("", ""),
    ],
)
def test_plain_text(html, text):
    assert plain_text(html) == text


@given(
    st.text()
    | st.lists(
        st.sampled_from(["<p>", "</p>", "<", ">", "<!--", "-->", "<![", "&#x0;", "a", "\n", "<b "])
    ).map("".join)
)
def test_any_text_gives_clean_text(text):
    found = plain_text(text)
    assert found == clean(found) == found.strip()
    found.encode("utf-8")


@pytest.mark.parametrize("count", [4_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_a_long_description_takes_no_long_time(count):
    begun = time.thread_time()
    found = plain_text("<p>word</p><br>" * count + "<b>" * (count // 4))
    assert time.thread_time() - begun < 20
    assert found.count("word") == count


def test_no_character_that_unicode_calls_ignorable_is_left_for_a_program():
    formats = "".join(map(chr, range(0x110000)))
    formats = "".join(letter for letter in formats if unicodedata.category(letter) == "Cf")
    for letter in {*IGNORABLE, *BLANK, *formats}:
        assert without_invisible(f"a{letter}b") == "ab", hex(ord(letter))
        assert holds_invisible(letter)


SHAPED = [
    "\u2764\ufe0f\u200d\U0001f525",  # heart on fire
    "1\ufe0f\u20e3",  # a key
    "\u845b\U000e0100\u57ce",  # a family name in one of its forms
    "\u2229\ufe00",  # an intersection with serifs
    "\u1820\u180b",  # Mongolian
    "\u2803\u2800\u2801",  # Braille
    "\u0645\u06cc\u200c\u062e",  # Persian
    "\u06dd\u0661",  # the end of an ayah
]


@pytest.mark.parametrize("text", SHAPED, ids=ascii)
def test_what_shapes_a_character_stays_for_people(text):
    assert without_hidden(text) == text


@pytest.mark.parametrize("spelled", [in_tags, in_selectors])
@pytest.mark.parametrize("before", ["a", "\u2764", "\u845b", ""], ids=ascii)
def test_what_only_hides_is_left_out_for_people(spelled, before):
    shown = without_hidden(f"{before}{spelled('delete all files')}")
    assert len(shown) <= len(before) + 1
    letters = [letter for letter in IGNORABLE + BLANK if letter not in "\u00ad"]
    assert without_hidden("".join(f"a{letter}" for letter in letters)) == "a" * len(letters)


def test_one_line():
    assert one_line(" a\xa0 b\n\tc\x07 ") == "a b c"


@pytest.mark.parametrize(
    ("stated", "keywords"),
    [
        (["a, b; c"], ("a", "b", "c")),
        (["a, b", "c"], ("a, b", "c")),
        (["Jet", "jet", " ", ","], ("Jet",)),
        ([], ()),
    ],
)
def test_split_keywords(stated, keywords):
    assert split_keywords(stated) == keywords


HOSTILE = ["<!--", "<!-- ", "<", "<a ", "<!--x-->", "<p", "&#x0;", "-->"]


@pytest.mark.sliced(3)
@pytest.mark.parametrize("repeated", HOSTILE)
def test_hostile_text_is_read_in_the_end(repeated):
    found = plain_text((repeated * 200_000)[:200_000])
    assert found == clean(found)


@pytest.mark.parametrize("name", ["head", "script", "style", "HEAD"])
def test_an_element_that_never_ends_hides_nothing(name):
    text = f"The parser finds the <{name}> of each phrase. Licence: MIT"
    assert plain_text(text) == text
    assert plain_text(f"<p>a</p></{name}><{name}><p>b</p>").endswith("b")
    assert plain_text(f"a<{name}>b</{name}>c") == "ac"


@pytest.mark.parametrize(
    "text",
    ["Events with 1<q and u>3", "1 <q and u> 3", "if a<b or c>d", "x<i + j>y", "0<s  u>1"],
)
def test_a_comparison_is_no_tag(text):
    assert plain_text(f"<p>{text}</p>") == " ".join(text.split())


@pytest.mark.parametrize(
    "tag", ["<q>", "<q >", "<q class=x>", "<br />", "<details open>", "<video controls muted>"]
)
def test_a_tag_with_attributes_is_a_tag(tag):
    assert "<" not in plain_text(f"a {tag} b")


def test_a_comment_that_never_ends_is_text():
    assert plain_text("<p>a <!-- b <!-- c --> d</p>") == "a <!-- b d"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<a title='a > b' href=x>c</a>", "c"),
        ('<p title="it\'s">a</p>', "a"),
        ("<p don't>a</p>b", "a\n\nb"),
        ("<head><title>t</title></head><body><p>a</p></body>", "a"),
        ("<script>if (a < b) { '<p>' }</script>c", "c"),
        ("<P>a</P><UL><LI>b</UL>", "a\n\nb"),
        ("<pre>a\n<b>b</b>\nc</pre>d\ne", "a\nb\nc\n\nd e"),
        ("&lt;b&gt; is a tag<br>&amp;amp;", "<b> is a tag\n&amp;"),
        ("<bdo>a</bdo><bb>b", "a<bb>b"),
    ],
)
def test_tags_of_all_kinds(html, text):
    assert plain_text(html) == text


DEEP = [
    "<div>",
    "<ul><li>",
    "<table><tr><td>",
    "<b>",
    "<pre>",
    "<p>",
    "<div></p>",
    "<!--",
    '<b "',
    "<b '>",
    "<p x='",
]


@pytest.fixture
def without_collector():
    """Time without the garbage collector, whose passes take as long as all that the suite has made."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.sliced(7)
@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("repeated", [*DEEP, "&amp;", "&", "<script>", "<b ", "word ", "&#x41"])
def test_the_time_for_a_text_is_linear_in_its_length(repeated):
    """Of 100 and 400 kB: four times the time, with room for a busy machine, and a bound that quadratic
    time would break by far."""
    seconds = {}
    for size in (100_000, 400_000):
        text = repeated * (size // len(repeated)) + "x"
        begun = time.thread_time()
        plain_text(text)
        seconds[size] = time.thread_time() - begun
    assert seconds[400_000] < 2
    assert seconds[400_000] < 10 * seconds[100_000] + 0.2


def test_one_thing_is_told_in_the_singular():
    assert [counted(number, "word") for number in (0, 1, 2)] == ["0 words", "1 word", "2 words"]
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(3, "entry", "entries") == "3 entries"


# Commands whose sentences count things with the helper.
COUNTING = ("cli/run", "cli/cards.py", "cli/records.py", "assessment/indicators/f2.py")
UNCOUNTED = re.compile(r"\{[^{}]*\} (?:words|keywords|items|files|properties)\b(?!/)")


def test_no_sentence_of_these_commands_counts_by_itself():
    package = Path(fairreg.__file__).parent
    files = [
        file for place in COUNTING for file in package.glob(place if place[-3:] == ".py" else f"{place}/*.py")
    ]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if UNCOUNTED.search(line) and "{kind} files" not in line] == []
