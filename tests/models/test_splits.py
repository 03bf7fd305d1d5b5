# SPDX-License-Identifier: MIT
"""The paper's three ways to set jets aside for the validation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import UsageError
from fairreg.models.hbb_in.training import splits
from fairreg.models.hbb_in.training.packing import NEITHER, Objects, PackedJets

FILES = 7


def jets(count=210, files=FILES):
    """Jets two an event, events in turn over the files; every tenth jet is neither."""
    index = np.arange(count)
    nothing = Objects(np.zeros((1, 1), np.float32), np.zeros(count + 1, np.int64), 1)
    classes = np.where(index % 10 == 9, NEITHER, index % 2)
    events = index // 2
    return PackedJets(
        nothing, nothing, classes, events, events % files, tuple(f"{name}.root" for name in "gfedcba"[:files])
    )


def all_splits(sample, seed=1):
    return [
        *splits.by_folds(sample, 3, seed),
        splits.by_files(sample, 2, seed),
        splits.by_events(sample, 0.3, seed),
    ]


@given(st.integers(0, 1000))
def test_every_labelled_jet_is_on_one_side_and_no_event_on_both(seed):
    sample = jets()
    for split in all_splits(sample, seed):
        both = np.concatenate((split.training, split.validation))
        assert sorted(both) == sample.labelled.tolist()
        assert not np.intersect1d(sample.events[split.training], sample.events[split.validation]).size


def test_every_file_is_in_the_validation_of_one_fold():
    sample = jets()
    found = [set(sample.files[split.validation]) for split in splits.by_folds(sample, 3, 1)]
    assert sorted(file for files in found for file in files) == list(range(FILES))


def test_so_many_files_are_set_aside_as_were_asked_for():
    sample = jets()
    split = splits.by_files(sample, 2, 1)
    assert len(set(sample.files[split.validation])) == 2
    assert not set(sample.files[split.training]) & set(sample.files[split.validation])


def test_the_fraction_is_that_of_the_events():
    sample = jets()
    assert len(set(sample.events[splits.by_events(sample, 0.2, 1).validation])) == 21


def test_the_same_seed_gives_the_same_split_and_another_one_another():
    sample = jets()
    for one, again, other in zip(
        all_splits(sample), all_splits(sample), all_splits(sample, seed=2), strict=True
    ):
        np.testing.assert_array_equal(one.validation, again.validation)
        assert not np.array_equal(one.validation, other.validation)


def test_a_split_of_files_does_not_depend_on_the_order_of_the_files():
    sample = jets()
    order = np.random.default_rng(3).permutation(FILES)
    renumbered = replace(
        sample, files=np.argsort(order)[sample.files], file_names=tuple(sample.file_names[i] for i in order)
    )
    for one, other in zip(all_splits(sample), all_splits(renumbered), strict=True):
        np.testing.assert_array_equal(one.validation, other.validation)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda sample: splits.by_folds(sample, 1, 0),
        lambda sample: splits.by_folds(sample, FILES + 1, 0),
        lambda sample: splits.by_files(sample, FILES, 0),
        lambda sample: splits.by_files(sample, 0, 0),
        lambda sample: splits.by_events(sample, 0.0, 0),
        lambda sample: splits.by_events(sample, 1.0, 0),
    ],
)
def test_a_split_with_an_empty_side_is_a_usage_error(wrong):
    with pytest.raises(UsageError):
        wrong(jets())
