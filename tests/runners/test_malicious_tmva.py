# SPDX-License-Identifier: MIT
"""Weight files of TMVA that are hostile, damaged or out of proportion."""

import random
import re
import tracemalloc
from contextlib import suppress

import pytest

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.converters import tmva
from fairreg.runners.converters.tmva.document import MAX_DEPTH
from support.tmva_files import document, leaf, random_trees, split, tree

ONE = [tree(leaf())]
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(20))


@pytest.fixture
def refused(tmp_path):
    """The message with which a content is refused; one of a safety refusal begins with "unsafe"."""
    path = tmp_path / "a.weights.xml"

    def message(content: str | bytes) -> str:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises((ModelError, SecurityRefusal)) as caught:
            tmva.convert(path)
        assert len(caught.value.message) < 500
        assert caught.value.message.isprintable()
        unsafe = isinstance(caught.value, SecurityRefusal)
        return ("unsafe: " if unsafe else "") + caught.value.message

    return message


@pytest.mark.parametrize(
    ("doctype", "words"),
    [
        (f"<!DOCTYPE MethodSetup [{LAUGHS}]>", "unsafe: a.weights.xml declares XML entities"),
        (
            '<!DOCTYPE M [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            "unsafe: a.weights.xml declares XML entities",
        ),
        (
            '<!DOCTYPE M [<!ENTITY % a SYSTEM "http://x/a.dtd"> %a;]>',
            "unsafe: a.weights.xml declares XML entities",
        ),
        ('<!DOCTYPE M SYSTEM "http://127.0.0.1/a.dtd">', "unsafe: a.weights.xml refers to an external"),
        ('<!DOCTYPE M PUBLIC "a" "b">', "unsafe: a.weights.xml refers to an external"),
        ("<!DOCTYPE M>", "a.weights.xml has a document type declaration"),
        ("<!DOCTYPE M [<!ELEMENT M ANY>]>", "a.weights.xml has a document type declaration"),
    ],
)
def test_document_types_and_entities_are_refused_before_they_mean_anything(refused, doctype, words):
    assert refused(document(ONE, before=f'<?xml version="1.0"?>{doctype}')).startswith(words)


def test_an_entity_that_nobody_declared_is_not_well_formed(refused):
    assert "not well-formed XML: undefined entity" in refused(document(ONE, method="&a;"))


def deep(depth: int) -> str:
    opening = '<Node pos="l" depth="0" NCoef="0" IVar="0" Cut="0" cType="1" nType="0">'
    last = leaf().replace("{pos}", "l", 1)
    right = leaf().replace("{pos}", "r", 1)
    return tree(opening * depth + last + (right + "</Node>") * depth)


def test_trees_up_to_the_limit_are_converted(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(document([deep(MAX_DEPTH - 1)]))
    assert tmva.convert(path).model


@pytest.mark.parametrize("depth", [MAX_DEPTH, 10_000, 100_000])
def test_deeper_trees_are_refused_without_recursion(refused, depth):
    assert f"nests its elements more than {MAX_DEPTH} deep" in refused(document([deep(depth)]))


def test_depth_outside_the_trees_is_bounded_too(refused):
    content = document(ONE, transformations="<a>" * 10_000 + "</a>" * 10_000)
    assert "nests its elements" in refused(content)


@pytest.mark.parametrize("where", ["method", "weights", "NVar"])
def test_a_huge_attribute_is_refused_after_one_mebibyte(refused, where):
    value = "1" * (8 << 20)
    huge = f'a="{value}"' if where == "weights" else value
    assert "a tag of more than 1 MiB" in refused(document(ONE, **{where: huge}))


def test_a_long_option_is_refused(refused):
    assert "an option of more than 1000 characters" in refused(document(ONE, options={"V": "x" * 100_000}))


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-INF", "0x1p3", "0,5", "1 2", "", "1e39", "1e999999", "1_0", "١"]
)
def test_cuts_that_are_no_numbers_are_refused_with_their_line(refused, value):
    message = refused(document([tree(split(0, value, leaf(), leaf()))]))
    assert re.match(r"a\.weights\.xml has the Cut '.*', which is not .* \(line \d+\)\.$", message)


def test_a_number_of_many_digits_is_refused(refused):
    assert "not a decimal number" in refused(document([tree(split(0, "1" * 100_000, leaf(), leaf()))]))


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("IVar", "1.0"), ("IVar", "9" * 20), ("cType", "2"), ("nType", "x"), ("cType", "True")],
)
def test_integers_that_are_none_are_refused(refused, attribute, value):
    node = re.sub(rf'{attribute}="[^"]*"', f'{attribute}="{value}"', split(0, 0, leaf(), leaf()), count=1)
    assert attribute in refused(document([tree(node)]))


@pytest.mark.parametrize("attribute", ["IVar", "Cut", "cType", "nType"])
def test_a_missing_attribute_is_named(refused, attribute):
    node = re.sub(rf'{attribute}="[^"]*"', "", split(0, 0, leaf(), leaf()), count=1)
    assert f"without the attribute {attribute}" in refused(document([tree(node)]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not well-formed XML: no element found"),
        ("<a/>", "begins with the element 'a'"),
        ("<MethodSetup/>", "method ''"),
        (document(ONE).replace("</MethodSetup>", ""), "not well-formed XML: no element found"),
        (document(ONE)[:-300], "not well-formed XML"),
        (document(ONE) + "<a/>", "junk after document element"),
        (
            document(ONE, before='<?xml version="1.0" encoding="x-none"?>'),
            "not well-formed XML: unknown encoding",
        ),
        (document(ONE, transformations="<Weights/>"), "the element Weights twice"),
        (document([tree(leaf() + leaf())]), "two roots"),
        (document([tree("")]), "a tree without a node"),
        (
            document([tree(split(0, 0, leaf(), leaf()).replace('pos="r"', 'pos="l"'))]),
            "two children at the position l",
        ),
        (document([tree(split(0, 0, leaf(), leaf()).replace('pos="r"', 'pos="x"'))]), "neither l nor r"),
        (document([tree("<Other/>")]), "the element 'Other' inside a tree"),
        (document(["<Forest/>"]), "weights of the kind 'Forest'"),
        (document([tree(leaf(), "")]), "the boostWeight ''"),
        (document(ONE, options={"V": "</Option><Option name='V'>"}), "the option 'V' twice"),
        (document(ONE).replace('VarIndex="1"', 'VarIndex="0"'), "numbers a variable 0"),
        (document(ONE).replace('VarIndex="1"', 'VarIndex="-1"'), "numbers a variable -1"),
        (document(ONE, method="\x9b31m"), "method '\\x9b31m'"),
    ],
)
def test_documents_that_are_no_weight_files_are_refused_with_the_reason(refused, content, words):
    assert words in refused(content)


def test_a_large_file_is_read_in_a_few_times_its_size(tmp_path):
    import numpy as np

    path = tmp_path / "a.xml"
    block = random_trees(np.random.default_rng(0), 20, 2, 5)
    path.write_text(document(block * 20))
    size = path.stat().st_size
    tracemalloc.start()
    tmva.document.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size


def mutated(chance: random.Random, content: bytes) -> bytes:
    """A weight file with some bytes, digits or stretches changed."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found))
        kind = chance.randrange(4)
        if kind == 0:
            found[at] = chance.randrange(256)
        elif kind == 1:
            del found[at : at + chance.randint(1, 200)]
        elif kind == 2:
            found[at:at] = found[at : at + chance.randint(1, 200)]
        else:
            found[at : at + 1] = chance.choice([b"nan", b'"', b"<", b"&", b"-1", b"9999999999", b"\0"])
    return bytes(found)


def check_mutants(tmp_path, seeds) -> None:
    import numpy as np

    trees = random_trees(np.random.default_rng(0), 3, 2, 3)
    whole = document(trees, options={"BoostType": "Grad"}).encode()
    path = tmp_path / "a.xml"
    for seed in seeds:
        path.write_bytes(mutated(random.Random(seed), whole))
        with suppress(ModelError, SecurityRefusal):
            tmva.convert(path)


def test_mutants_are_converted_or_refused(tmp_path):
    check_mutants(tmp_path, range(150))


@pytest.mark.long
def test_many_mutants_are_converted_or_refused(tmp_path):
    check_mutants(tmp_path, range(1000, 21_000))
