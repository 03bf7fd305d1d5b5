# SPDX-License-Identifier: MIT
"""Model cards, good and broken; those without a source are written by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.formats.model_card import decoded, description, intended_use, limitations, read_card, usage
from support.examples import examples

CARD = """---
license: mit
language: no
metrics: [f1]
---
# Tagger

[![badge](https://example.org/b.svg)](https://example.org) Tells **jets** [apart](https://example.org).

<!-- Provide a quick summary. -->
## Model Details
- **Developed by:** [More Information Needed]
### Model Description
A graph network, p < 0.05.

## Uses
### Direct Use
Tagging of jets.
### Out-of-Scope Use
Anything else.
## Bias, Risks, and Limitations
[More Information Needed]
### Recommendations
Users (both direct and downstream) should be made aware of the risks, biases and limitations of it.
Do not use it at night.
## How to Get Started with the Model
Use the code below to get started with the model.
```python
# Limitations
load("tagger")
```
## Training data
Jets.
"""


def test_a_card_is_read_by_its_sections():
    card = read_card(CARD)
    assert card.metadata == {"license": "mit", "language": "no", "metrics": ["f1"]}
    assert card.faults == ()
    assert description(card) == "Tells jets apart.\n\nA graph network, p < 0.05."
    assert intended_use(card) == "Tagging of jets."
    assert limitations(card) == "Anything else.\n\nDo not use it at night."
    assert usage(card) == '# Limitations\nload("tagger")'


def test_windows_line_ends_change_nothing():
    assert read_card("\ufeff" + CARD.replace("\n", "\r\n")) == read_card(CARD)


def test_what_a_template_says_is_nothing_that_was_said():
    card = read_card(
        "# Model Card for Model ID\n<!-- Provide a quick summary -->\n\n## Model description\n\n"
        "More information needed\n\n## Intended uses & limitations\n\nMore information needed\n"
        "## Uses\n[More Information Needed]\n## Limitations\n- TODO\n## Usage\n{{ usage | default() }}\n"
    )
    assert (description(card), intended_use(card), limitations(card), usage(card)) == (None,) * 4


def test_a_heading_that_names_both_speaks_for_both():
    card = read_card("# M\n## Intended uses & limitations\nFor tests only.\n#### How to use\n`x`\n")
    assert intended_use(card) == limitations(card) == "For tests only."


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    ("text", "metadata", "fault"),
    [
        (
            "---\nlicense: mit\ntags:\n- a\n\n# Title\nText: here\n",
            {"license": "mit", "tags": ["a"]},
            "never",
        ),
        ("---\nlicense: mit\ntags: [a\nx: y\n---\nText\n", {"license": "mit", "x": "y"}, "not valid"),
        ("---\n- a\n- b\n---\nText\n", {}, "no mapping"),
        ("---\njust words\n---\nText\n", {}, "no mapping"),
        ("---\na: " + "[" * 100_000 + "\n---\nText\n", {}, "not valid"),
        ("---\na: &x [*x]\n---\nText\n", {}, "has an alias that contains itself"),
        ("---\n? [a]\n: b\n---\nText\n", {}, "not valid"),
        ("---\nlicense: mit\nwhen: 2020-13-45\n---\n", {"license": "mit", "when": "2020-13-45"}, ""),
        ("Words \ufffd\n", {}, "decoded"),
        ("---\n---\nText\n", {}, ""),
        ("", {}, ""),
    ],
)
def test_a_broken_front_matter_gives_what_can_be_read(text, metadata, fault):
    card = read_card(text)
    assert card.metadata == metadata
    assert fault in " ".join(card.faults)
    assert bool(fault) == bool(card.faults)
    if "Text" in text:
        assert description(card) in {"Text", "Text: here"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xff\xfeh\x00i\x00", "hi"),
        (b"\xef\xbb\xbfhi", "hi"),
        (b"h\xe9", "h\ufffd"),
        (b"\xff\xfeh", "\ufffd"),
        (b"", ""),
    ],
)
def test_bytes_become_text(raw, text):
    assert decoded(raw) == text


PIECES = st.sampled_from(
    [
        *("---", "---\n", "\n", "# ", "## Uses", "### Limitations", "```", "~~~", "<!--", "-->", "license:"),
        *("[", "{", "]", "}", "&a", "*a", "!!int ", "'", '"', "|", ">", "\t", "\r", "\x00", "\ud800"),
        *("![", "](", "<p>", "[More Information Needed]", "- a", "language: no", "<<: *a", "%YAML", "é"),
        *("{{", "}}", " mit", "\ufeff"),
    ]
)


@settings(max_examples=examples(400))
@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_no_card_is_too_odd(text):
    card = read_card(text)
    for told in (description(card), intended_use(card), limitations(card), usage(card)):
        assert told is None or (told.strip() and told.encode("utf-8"))
    assert isinstance(card.metadata, dict)
    decoded(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "piece", ["[", "![", "<!--", "**a", "# ", "- ", "```\n", "[a](", "<p", "__", "{{", "a: &"]
)
def test_long_repetitions_take_no_long_time(piece):
    card = read_card(piece * 20_000)
    description(card)
    usage(card)
