# SPDX-License-Identifier: MIT
"""A slice of the fuzz campaign over every reader of foreign input, and the campaign itself.

`python scripts/fuzz_campaign.py` takes 100,000 texts and 10,000 files of each kind, `pytest --long` a part.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairreg import harvesters
from fairreg.errors import NotFound
from support.fuzz_targets import TEXTS, closed_sockets, targets
from support.fuzzing import Campaign, Stuck, Target, damaged, mutated

ROOT = Path(__file__).parents[1]
NAMES = tuple(targets(Path("/nonexistent"), make=False))


@pytest.mark.parametrize("name", NAMES)
def test_foreign_input_gives_an_answer_or_an_error_of_fairreg(name, tmp_path, request):
    count = 300 if request.config.getoption("--long") else 100
    campaign = Campaign(targets(tmp_path)[name], seed=7).run(count)
    assert campaign.kinds() == []
    assert campaign.done == count


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_much_foreign_input_gives_an_answer_or_an_error_of_fairreg(name, tmp_path):
    assert Campaign(targets(tmp_path)[name], seed=8).run(5000).kinds() == []


def test_the_payloads_of_every_source_are_a_target():
    assert {f"to_record {name}" for name in harvesters.names()} <= set(NAMES)
    assert TEXTS == 100_000


def test_an_input_is_made_again_from_its_number(tmp_path):
    for name in NAMES:
        first, again = (Campaign(targets(tmp_path)[name], seed=3) for _ in range(2))
        # Not a number is equal to nothing, so the inputs are compared as they are written.
        assert [repr(first.input(number)) for number in range(9)] == [
            repr(again.input(number)) for number in range(9)
        ]


def take(number):
    if number == 1:
        raise KeyError("x")
    if number == 2:
        raise NotFound("two\nlines")
    if number == 3:
        raise NotFound("There is none.")
    if number == 4:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
    if number == 5:
        while True:
            pass


def test_what_breaks_the_promise_is_found_and_kept(tmp_path):
    numbers = iter(range(6))
    target = Target("planted", lambda _chance: next(numbers), take, seconds=0.05)
    campaign = Campaign(target, seed=1).run(6)
    assert {(item.number, item.fault) for item in campaign.findings} == {
        (1, "KeyError"),
        (2, "the message of an error is not one line"),
        (4, "too slow"),
        (5, "too slow"),
        (5, "Stuck"),
    }
    assert campaign.read == 2
    numbers = iter([1] * 9)
    campaign.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".input", ".txt"}
    assert "KeyError" in (tmp_path / "planted-1.txt").read_text()


def test_a_stuck_input_is_no_error_that_a_reader_could_take_for_one_of_the_input():
    assert not issubclass(Stuck, Exception)


def test_mutations_leave_the_original_as_it_is_and_change_something():
    base = {"a": [1, {"b": "c"}], "d": None}
    made = [mutated(base, random.Random(number)) for number in range(200)]
    assert base == {"a": [1, {"b": "c"}], "d": None}
    assert sum(item != base for item in made) > 150
    assert sum(damaged(b"0123456789", random.Random(number)) != b"0123456789" for number in range(200)) > 150


def test_nothing_is_sent_to_a_private_address_and_no_name_is_resolved():
    import socket

    with closed_sockets():
        with socket.create_connection(("127.0.0.1", 80)) as private, pytest.raises(AssertionError):
            private.sendall(b"x")
        with socket.create_connection(("zenodo.org", 80)) as public, pytest.raises(ConnectionResetError):
            public.sendall(b"x")


def test_the_script_prints_its_figures_and_ends_with_0(tmp_path):
    words = [sys.executable, str(ROOT / "scripts/fuzz_campaign.py"), "identifiers", "--count", "50"]
    done = subprocess.run(
        [*words, "--keep", str(tmp_path / "kept")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "identifiers" in done.stdout
    assert "seed 1" in done.stdout
    assert "0 findings" in done.stdout
    assert not (tmp_path / "kept").exists()
