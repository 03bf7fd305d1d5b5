# SPDX-License-Identifier: MIT
"""The tutorial that ``help(fairreg)`` shows, line by line."""

import doctest

import pytest

import fairreg

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def test_every_line_of_the_tutorial_does_what_it_says(monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    told = []
    runner, found = doctest.DocTestRunner(optionflags=FLAGS), doctest.DocTestFinder(recurse=False)
    for example in found.find(fairreg, "fairreg"):
        runner.run(example, out=told.append)
    assert runner.tries > 10
    assert not runner.failures, "".join(told)


def test_a_report_is_a_list_and_becomes_a_table_of_pandas(monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    found = fairreg.search("tagger", kind="model", limit=5)
    frame = found.to_pandas()
    assert (len(found), bool(found), len(frame)) == (5, True, 5)
    assert [row.id for row in found] == [found[place].id for place in range(5)] == list(frame["id"])
    assert [row.name for row in found[1:3]] == list(frame["name"][1:3])
    assert not fairreg.search("zzzzqqqq")
    assert fairreg.search("zzzzqqqq").to_pandas().empty


def test_an_old_name_of_a_parameter_works_and_warns(monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    with pytest.warns(DeprecationWarning, match=r"fetch\(files=\) is now fetch\(file=\)"):
        fetched = fairreg.fetch("catalogue:fairreg-hbb-reference-1", files="*.onnx")
    assert len(fetched.files) == 1
    with pytest.raises(TypeError, match="both file= and its old name files="):
        fairreg.fetch("catalogue:fairreg-hbb-reference-1", file="*.onnx", files="*.onnx")
