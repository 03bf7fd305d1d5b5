# SPDX-License-Identifier: MIT
"""A reserved identifier in the files of a folder: it stands there, and nothing else changes."""

import hashlib
import json
from contextlib import suppress

import onnx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.formats import get
from fairreg.schemas.identifiers import Identifier
from fairreg.services.publish.identifier.json_files import JSON_EDITORS, linked_data
from fairreg.services.publish.identifier.json_text import Edits, parse
from fairreg.services.publish.identifier.onnx_file import write_identifier
from fairreg.services.publish.identifier.text_files import TEXT_EDITORS
from fairreg.services.publish.identifier.writing import write_into
from fairreg.storage.checksums import checksums_of
from support.examples import examples
from support.full_record import FULL
from support.publishing import CITATION, onnx_bytes

DOI = Identifier("doi", "10.5281/zenodo.42")
LATER = Identifier("doi", "10.5281/zenodo.4242")
ADDRESS = "https://doi.org/10.5281/zenodo.42"


# Reserved for the folder by earlier commands.
EARLIER = frozenset({"10.5281/zenodo.1", DOI.value, FULL.doi})
PAPER = "10.1103/physrevd.1"


def edited(name, text, identifier=DOI, earlier=EARLIER):
    editors = TEXT_EDITORS | JSON_EDITORS
    return editors[name](text, identifier, earlier)


def lines_added(before, after):
    old = before.splitlines(keepends=True)
    return [line for line in after.splitlines(keepends=True) if line not in old]


def test_a_citation_file_gets_one_line():
    text = edited("citation.cff", CITATION)
    assert lines_added(CITATION, text) == ["doi: 10.5281/zenodo.42\n"]
    assert text.replace("doi: 10.5281/zenodo.42\n", "") == CITATION
    assert get("cff").read(text).understood.as_written.dois == (DOI.value,)


def test_an_earlier_doi_is_replaced_and_those_of_references_stay():
    text = f"{CITATION}doi: 10.5281/zenodo.1\npreferred-citation:\n  doi: 10.1000/paper\n  type: article\n"
    found = yaml.safe_load(edited("citation.cff", text))
    assert found["doi"] == DOI.value
    assert found["preferred-citation"]["doi"] == "10.1000/paper"


def test_line_ends_and_a_byte_order_mark_stay():
    text = "\ufeff" + CITATION.replace("\n", "\r\n")
    assert edited("citation.cff", text).replace("doi: 10.5281/zenodo.42\r\n", "") == text


@pytest.mark.parametrize("text", ["", "{cff-version: 1.2.0}", "version: >\n  1.0\n"])
def test_a_citation_file_without_a_line_for_it_is_left(text):
    with pytest.raises(ValueError, match="no line"):
        edited("citation.cff", text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("---\nlicense: mit\n---\n# T\n", "---\nlicense: mit\ndoi: 10.5281/zenodo.42\n---\n# T\n"),
        ("---\ndoi: 10.5/x\nlicense: mit\n---\n", "---\ndoi: 10.5281/zenodo.42\nlicense: mit\n---\n"),
        ("# T\n\ntext\n", f"# T\n\nDOI: [10.5281/zenodo.42]({ADDRESS})\n\ntext\n"),
        ("# T\ntext\n", f"# T\n\nDOI: [10.5281/zenodo.42]({ADDRESS})\n\ntext\n"),
        ("T\n===\ntext\n", f"T\n===\n\nDOI: [10.5281/zenodo.42]({ADDRESS})\n\ntext\n"),
        ("no title\n", f"DOI: [10.5281/zenodo.42]({ADDRESS})\n\nno title\n"),
        (
            "# T\n\nDOI: [10.5281/zenodo.1](https://doi.org/10.5281/zenodo.1)\n",
            f"# T\n\nDOI: [10.5281/zenodo.42]({ADDRESS})\n",
        ),
    ],
)
def test_a_readme_has_it_in_front_matter_or_below_its_title(before, after):
    assert edited("readme.md", before) == after
    assert edited("readme.md", after) == after


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (None, ADDRESS),
        ("10.5281/zenodo.1", "10.5281/zenodo.42"),
        ("https://doi.org/10.5281/zenodo.1", ADDRESS),
        ("https://github.com/a/b", [ADDRESS, "https://github.com/a/b"]),
        (["https://github.com/a/b"], [ADDRESS, "https://github.com/a/b"]),
        ([], [ADDRESS]),
        (
            [{"@type": "PropertyValue", "propertyID": "doi", "value": "10.5281/zenodo.1", "x": 1}],
            [{"@type": "PropertyValue", "propertyID": "doi", "value": "10.5281/zenodo.42", "x": 1}],
        ),
    ],
)
def test_codemeta_keeps_its_other_identifiers(stated, expected):
    known = {} if stated is None else {"identifier": stated}
    text = json.dumps({"@context": "https://w3id.org/codemeta/3.0", "name": "T", **known}, indent=3)
    found = edited("codemeta.json", text)
    assert json.loads(found)["identifier"] == expected
    assert edited("codemeta.json", found) == found


def test_fairregs_own_fair4ml_file_is_read_with_the_new_doi():
    record = FULL
    found = get("fair4ml").read(edited("fair4ml.jsonld", get("fair4ml").write(record))).understood
    assert (found.doi, found.identifier) == (DOI.value, DOI.compact)
    assert found.creators == record.creators


def test_the_root_of_an_ro_crate_is_named_and_no_other_node():
    graph = [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
        {"@id": "./", "@type": "Dataset", "name": "T"},
        {"@id": "data.csv", "@type": "File", "identifier": "10.5281/zenodo.7"},
    ]
    text = json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})
    found = json.loads(edited("ro-crate-metadata.json", text))["@graph"]
    assert [node.get("identifier") for node in found] == [None, ADDRESS, "10.5281/zenodo.7"]


def test_zenodos_own_file_gets_a_relation_and_no_doi():
    text = '{"title": "T",\n "related_identifiers": [{"identifier": "10.5/x", "relation": "isDerivedFrom"}]}'
    found = json.loads(edited(".zenodo.json", text))
    assert "doi" not in found
    assert found["related_identifiers"] == [
        {"identifier": DOI.value, "relation": "isIdenticalTo"},
        {"identifier": "10.5/x", "relation": "isDerivedFrom"},
    ]
    later = json.loads(edited(".zenodo.json", edited(".zenodo.json", text), LATER))
    assert later["related_identifiers"][0]["identifier"] == LATER.value
    assert len(later["related_identifiers"]) == 2


def test_facts_of_a_project_get_it_above_their_tables():
    text = 'name = "T"\nversion = "1"\n\n[[creators]]\ndoi = "no"\n'
    wanted = text.replace('"1"\n', '"1"\ndoi = "10.5281/zenodo.42"\n')
    assert edited("facts.toml", text) == wanted
    assert edited("facts.toml", text.replace("\n\n", '\n# doi = ""\n\n')) == wanted


def test_a_line_in_a_code_block_or_a_comment_is_no_title():
    text = '<h1 align="center">\n  Tagger\n</h1>\n\n```bash\n# install\n```\n'
    assert edited("readme.md", text) == text.replace("</h1>\n", f"</h1>\n\nDOI: [{DOI.value}]({ADDRESS})\n")
    text = "<!--\n# old -->\n~~~~\n# install\n~~~\n~~~~\n\n# Tagger\n"
    assert edited("readme.md", text) == f"{text}\nDOI: [{DOI.value}]({ADDRESS})\n\n"


@pytest.mark.parametrize("text", ["\ufeff# T\n", "\ufeffno title\n", "\ufeff---\nlicense: mit\n---\n# T\n"])
def test_a_byte_order_mark_stays_first_in_a_readme(text):
    found = edited("readme.md", text)
    assert found.startswith("\ufeff")
    assert "\ufeff" not in found[1:]


def test_a_line_with_the_doi_of_the_paper_stays():
    text = f"# T\n\n## Paper\n\nDOI: [{PAPER}](https://doi.org/{PAPER})\n"
    assert edited("readme.md", text) == text.replace("# T\n", f"# T\n\nDOI: [{DOI.value}]({ADDRESS})\n", 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("citation.cff", "cff-version: 1.2.0\ndoi: {doi}\n"),
        ("readme.md", "---\ndoi: {doi}\n---\n# T\n"),
        ("facts.toml", 'version = "1"\ndoi = "{doi}"\n'),
        ("codemeta.json", '{{"@id": "https://doi.org/{doi}", "name": "T"}}'),
        ("fair4ml.jsonld", '{{"@id": "x", "recordIdentifier": "doi:{doi}"}}'),
    ],
)
def test_a_doi_that_was_not_reserved_for_the_folder_is_not_overwritten(name, text):
    with pytest.raises(ValueError, match="not one that was reserved"):
        edited(name, text.format(doi=PAPER))
    assert DOI.value in edited(name, text.format(doi="10.5281/zenodo.1"))


def test_a_model_with_the_doi_of_another_object_keeps_it(tmp_path):
    model = onnx.load_from_string(onnx_bytes())
    model.metadata_props.add(key="doi", value=PAPER)
    content = model.SerializeToString()
    (tmp_path / "a.onnx").write_bytes(content)
    found = write_into(tmp_path, ("a.onnx",), DOI)
    assert (found.carrying, (tmp_path / "a.onnx").read_bytes()) == ((), content)
    assert PAPER in found.notes[0]
    assert write_into(tmp_path, ("a.onnx",), DOI, earlier={PAPER}).carrying == ("a.onnx",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("readme.md", "---\nlicense: mit\ndoi:\n- 10.5281/zenodo.1\n- 10.1103/x\n---\n# T\n"),
        ("readme.md", "---\n{license: mit}\n---\n# T\n"),
        ("readme.md", "---\nlicense: mit\ndoi: >-\n  10.5281/zenodo.1\ntags: [a]\n---\n# T\n"),
        ("readme.md", '---\nlicense: mit\n"doi": 10.5281/zenodo.1\n---\n# T\n'),
        ("readme.md", "---\na: [\n---\n# T\n"),
        ("citation.cff", "cff-version: 1.2.0\ndoi:\n  10.5281/zenodo.1\nversion: 1.0\n"),
        ("citation.cff", 'cff-version: 1.2.0\n"doi": 10.5281/zenodo.1\nversion: 1.0\n'),
        ("citation.cff", "cff-version: 1.2.0\ndoi: 10.5281/zenodo.1\ndoi: 10.5281/zenodo.1\n"),
        ("facts.toml", 'doi = """\n10.5281/zenodo.1"""\nversion="1"\n'),
        ("facts.toml", 'notes = """\nversion = 1\n"""\n'),
        (".zenodo.json", '{"related_identifiers": {"identifier": "10.5281/zenodo.1"}}'),
        ("codemeta.json", '{"identifier": {"@list": []}}'),
        ("codemeta.json", '{"identifier": ["10.5281/zenodo.1", "10.5281/zenodo.42"]}'),
    ],
)
def test_a_form_in_which_more_than_the_doi_would_change_is_left(name, text):
    with pytest.raises(ValueError, match=r"\w"):
        edited(name, text)


def test_a_comment_behind_the_doi_stays():
    text = "cff-version: 1.2.0\ndoi: 10.5281/zenodo.1  # this version\r\nversion: 1.0\r\n"
    assert edited("citation.cff", text) == text.replace("zenodo.1 ", "zenodo.42 ")


BEFORE = {"@id": "https://doi.org/10.5281/zenodo.1"}


def test_a_document_that_is_based_on_a_published_version_stays_so():
    """What it is called by changes; the version that it was made from does not become the new one."""
    parts = {"distribution": {"isPartOf": BEFORE}, "isBasedOn": [BEFORE], "prov:wasDerivedFrom": BEFORE}
    text = json.dumps({**BEFORE, "name": "A", **parts})
    now = json.loads(linked_data(text, DOI, EARLIER, published={"10.5281/zenodo.1"}))
    assert (now["@id"], now["identifier"]) == (ADDRESS, ADDRESS)
    assert now["distribution"]["isPartOf"] == {"@id": ADDRESS}
    assert (now["isBasedOn"], now["prov:wasDerivedFrom"]) == ([BEFORE], BEFORE)
    reserved = json.loads(linked_data(text, DOI, EARLIER))  # which names nothing but this document
    assert BEFORE["@id"] not in json.dumps(reserved)


def test_a_crate_keeps_the_published_version_that_an_action_began_with():
    graph = [
        {"@id": "ro-crate-metadata.json", "about": BEFORE},
        {**BEFORE, "@type": "Dataset", "mentions": {"@id": "#run"}},
        {"@id": "#run", "@type": "CreateAction", "object": BEFORE, "result": [BEFORE]},
    ]
    text = json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})
    now = json.loads(linked_data(text, DOI, EARLIER, published={"10.5281/zenodo.1"}))["@graph"]
    assert (now[0]["about"], now[1]["@id"]) == ({"@id": ADDRESS}, ADDRESS)
    assert (now[2]["object"], now[2]["result"]) == (BEFORE, [{"@id": ADDRESS}])


def test_a_crate_that_is_called_by_its_doi_keeps_its_references():
    old = "https://doi.org/10.5281/zenodo.1"
    graph = [
        {"@id": "ro-crate-metadata.json", "about": {"@id": old}},
        {"@id": old, "@type": "Dataset", "hasPart": [{"@id": "a"}], "identifier": {"@id": old}},
        {"@id": "#run", "result": [{"@id": old}, {"@id": "a"}]},
    ]
    text = json.dumps({"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": graph})
    assert edited("ro-crate-metadata.json", text) == text.replace(old, ADDRESS)


def test_other_dois_of_a_document_stay_beside_the_new_one():
    hub = {"identifier": "10.57967/hf/12", "relation": "isIdenticalTo"}
    own = {"identifier": DOI.value, "relation": "isIdenticalTo"}
    for listed, expected in (([hub], [own, hub]), (None, [own])):
        text = json.dumps({"title": "T", "related_identifiers": listed})
        found = edited(".zenodo.json", text)
        assert json.loads(found) == {"title": "T", "related_identifiers": expected}
        assert found.count("related_identifiers") == 1
    paper, concept = f"https://doi.org/{PAPER}", "https://doi.org/10.5281/zenodo.2"
    for stated, named in (
        ([paper, concept, "https://doi.org/10.5281/zenodo.1"], [paper, concept, ADDRESS]),
        ([paper, concept], [ADDRESS, paper, concept]),
        (paper, [ADDRESS, paper]),
        (None, ADDRESS),
    ):
        assert json.loads(edited("codemeta.json", json.dumps({"identifier": stated})))["identifier"] == named


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
INDENTS = st.sampled_from([None, 0, 2, "\t"])


@settings(max_examples=examples(100))
@given(VALUES, INDENTS, st.booleans())
def test_spans_of_json_are_those_of_the_values(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for span in parse(text).walk():
        inner = json.loads(text[span.start : span.end])
        assert span.kind != "scalar" or inner == span.value
        assert span.kind != "object" or inner.keys() == span.members.keys()
    assert Edits(text).result() == text


@settings(max_examples=examples(100))
@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=4), INDENTS)
def test_other_members_of_a_document_are_untouched(members, indent):
    members.pop("@graph", None)
    members.pop("@id", None)
    members.pop("identifier", None)
    members.pop("recordIdentifier", None)
    text = json.dumps(members, indent=indent)
    found = json.loads(edited("codemeta.json", text))
    assert found.pop("identifier") == ADDRESS
    assert found == json.loads(text)


@settings(max_examples=examples(200))
@given(st.text('{}[]",:\\ 1e-tru\n', max_size=30) | st.text(max_size=20))
def test_text_that_is_not_json_is_refused(text):
    try:
        json.loads(text.removeprefix("\ufeff"), parse_constant=lambda _name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(ValueError, match=r"\w"):
            parse(text)


def test_deep_json_is_refused():
    with pytest.raises(ValueError, match="too deep"):
        parse("[" * 100_000)


def test_a_model_keeps_all_its_other_bytes(tmp_path):
    source, first, second = (tmp_path / name for name in ("a.onnx", "b.onnx", "c.onnx"))
    source.write_bytes(onnx_bytes())
    assert write_identifier(source, first, DOI)
    assert first.read_bytes().startswith(source.read_bytes())
    assert write_identifier(first, second, LATER)
    assert second.read_bytes().startswith(source.read_bytes())
    assert not write_identifier(second, tmp_path / "d.onnx", LATER)
    model = onnx.load(second)
    onnx.checker.check_model(model)
    assert [(item.key, item.value) for item in model.metadata_props] == [
        ("name", "relu"),
        ("doi", LATER.value),
    ]


def test_several_dois_in_a_model_become_one(tmp_path):
    model = onnx.load_from_string(onnx_bytes())
    for value in ("10.5/a", "10.5/b"):
        model.metadata_props.add(key="doi", value=value)
    model.doc_string = "after them"
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    write_identifier(tmp_path / "a.onnx", tmp_path / "b.onnx", DOI)
    found = onnx.load(tmp_path / "b.onnx")
    assert [item.value for item in found.metadata_props if item.key == "doi"] == [DOI.value]
    assert found.doc_string == "after them"
    assert found.graph == model.graph


@settings(max_examples=examples(100))
@given(data=st.data())
def test_a_damaged_model_is_refused_or_read_as_onnx_reads_it(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(onnx_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "a.onnx").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(ModelError):
        write_identifier(folder / "a.onnx", folder / "b.onnx", DOI)
        assert DOI.value.encode() in (folder / "b.onnx").read_bytes()


def test_a_file_that_cannot_be_edited_is_named_and_kept(tmp_path):
    contents = {
        "CITATION.cff": b"\xff\xfe not utf-8",
        "codemeta.json": b"{",
        "a.onnx": b"no model",
        "README.md": b"# T\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    found = write_into(tmp_path, tuple(contents), DOI)
    assert found.carrying == ("README.md",)
    assert len(found.notes) == 3
    for name in ("CITATION.cff", "codemeta.json", "a.onnx"):
        assert (tmp_path / name).read_bytes() == contents[name]
        assert any(note.startswith(name) for note in found.notes)


def test_digests_elsewhere_follow_the_model(tmp_path):
    model = onnx_bytes()
    old = hashlib.sha256(model).hexdigest()
    (tmp_path / "toy.onnx").write_bytes(model)
    (tmp_path / "SHA256SUMS").write_text(f"{old}  toy.onnx\n{'0' * 64}  other\n")
    (tmp_path / "sizes.json").write_text(
        json.dumps({"a": {"size": len(model), "digest": [f"sha256:{old}"]}, "b": {"size": len(model)}})
    )
    write_into(tmp_path, ("SHA256SUMS", "sizes.json", "toy.onnx"), DOI)
    changed = (tmp_path / "toy.onnx").read_bytes()
    new = hashlib.sha256(changed).hexdigest()
    assert (tmp_path / "SHA256SUMS").read_text() == f"{new}  toy.onnx\n{'0' * 64}  other\n"
    assert json.loads((tmp_path / "sizes.json").read_text()) == {
        "a": {"size": len(changed), "digest": [f"sha256:{new}"]},
        "b": {"size": len(model)},
    }


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_digests_of_every_edited_file_follow_it_also_those_of_the_list(tmp_path):
    (tmp_path / "toy.onnx").write_bytes(onnx_bytes())
    (tmp_path / "CITATION.cff").write_text(CITATION)
    (tmp_path / "README.md").write_text(f"# T\n\nCITATION.cff is {digest(tmp_path / 'CITATION.cff')}\n")
    listed = ("CITATION.cff", "README.md", "toy.onnx")
    for name, algorithm in (("SHA256SUMS", "sha256"), ("SHA512SUMS", "sha512"), ("SHA1SUMS", "sha1")):
        lines = [f"{checksums_of(tmp_path / item, (algorithm,))[algorithm]}  {item}\n" for item in listed]
        (tmp_path / name).write_text("".join(lines))
    (tmp_path / "all.txt").write_text(f"{digest(tmp_path / 'SHA256SUMS')}  SHA256SUMS\n")
    names = tuple(path.name for path in tmp_path.iterdir())
    found = write_into(tmp_path, names, DOI)
    assert (set(found.carrying), found.notes) == (set(listed), ())
    for name, algorithm in (("SHA256SUMS", "sha256"), ("SHA512SUMS", "sha512"), ("SHA1SUMS", "sha1")):
        lines = [f"{checksums_of(tmp_path / item, (algorithm,))[algorithm]}  {item}\n" for item in listed]
        assert (tmp_path / name).read_text() == "".join(lines)
    assert digest(tmp_path / "CITATION.cff") in (tmp_path / "README.md").read_text()
    assert digest(tmp_path / "SHA256SUMS") in (tmp_path / "all.txt").read_text()
    assert write_into(tmp_path, names, DOI).changed == ()


def test_a_digest_that_cannot_follow_is_named_with_its_line(tmp_path):
    (tmp_path / "CITATION.cff").write_text(CITATION)
    (tmp_path / "copy.cff").write_text(CITATION)
    listed = f"# digests\n{digest(tmp_path / 'copy.cff')}  copy.cff\n"
    (tmp_path / "SHA256SUMS").write_text(listed)
    found = write_into(tmp_path, ("CITATION.cff", "copy.cff", "SHA256SUMS"), DOI)
    assert (tmp_path / "SHA256SUMS").read_text() == listed
    copy, ask = "copy.cff", "Correct it yourself."
    assert found.notes == (
        f"SHA256SUMS, line 2, states the earlier digest of CITATION.cff; {copy} was the same. {ask}",
    )


def test_writing_twice_changes_nothing(tmp_path):
    (tmp_path / "toy.onnx").write_bytes(onnx_bytes())
    (tmp_path / "CITATION.cff").write_text(CITATION)
    names = ("CITATION.cff", "toy.onnx")
    assert write_into(tmp_path, names, DOI).changed == names
    assert write_into(tmp_path, names, DOI).changed == ()


@pytest.mark.parametrize(
    "value", ['10.5281/a"b', "10.5281/a\nb", "10.5281/{x}", "10.5281/a'b", "10.5281/a#b"]
)
def test_an_identifier_that_could_change_a_file_is_not_written(tmp_path, value):
    (tmp_path / "CITATION.cff").write_text(CITATION)
    found = write_into(tmp_path, ("CITATION.cff",), Identifier("doi", value))
    assert found.carrying == ()
    assert len(found.notes) == 1
    assert (tmp_path / "CITATION.cff").read_text() == CITATION


def test_lines_with_an_earlier_doi_of_the_folder_are_named(tmp_path):
    doi = "10.5281/zenodo.1"
    badge = f"[![DOI](https://img.shields.io/badge/DOI-10.5281%2Fzenodo.1-blue)](https://doi.org/{doi})"
    texts = {
        "README.md": f"# T\n\n{badge}\n\nDOI: [10.5281/zenodo.1](https://doi.org/10.5281/zenodo.1)\n",
        "CITATION.cff": f"{CITATION}doi: {doi}\nidentifiers:\n- type: doi\n  value: {doi.upper()}\n",
        "notes.txt": "10.5281/zenodo.11 and 10.5281/zenodo.42 and 10.1103/physrevd.1\n",
        "list.txt": "see doi:10.5281/zenodo.1\n" * 9,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    notes = write_into(tmp_path, tuple(texts), DOI, earlier=frozenset({"10.5281/zenodo.1"})).notes
    told = "has 10.5281/zenodo.1, reserved for this folder before"
    lines = len(CITATION.splitlines()) + 4
    assert [note.partition(":")[0] for note in notes] == [
        f"README.md, line 3, {told}",
        f"CITATION.cff, line {lines}, {told}",
        f"list.txt, line 1, 2, 3, 4, 5, ..., {told}",
    ]
    assert not write_into(tmp_path, tuple(texts), DOI).notes


def test_the_source_in_fairregs_own_file_follows_its_identifier():
    record = {
        "recordIdentifier": "doi:10.5281/zenodo.1",
        "provenance": {"source": "authors", "sourceId": "doi:10.5281/zenodo.1"},
    }
    found = json.loads(edited("fair4ml.jsonld", json.dumps(record)))
    assert found["provenance"]["sourceId"] == found["recordIdentifier"] == DOI.compact
    other = {**record, "provenance": {"sourceId": "1234"}}
    assert json.loads(edited("fair4ml.jsonld", json.dumps(other)))["provenance"] == {"sourceId": "1234"}
