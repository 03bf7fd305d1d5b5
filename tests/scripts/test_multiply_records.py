# SPDX-License-Identifier: MIT
import multiply_records
import pytest

from fairreg.schemas.record import ModelRecord


def model(number):
    return {
        "identifier": f"huggingface:owner/model-{number}",
        "kind": "model",
        "name": f"bert-{number}",
        "description": " ".join(f"word{number}-{at}" for at in range(50)),
        "keywords": [f"keyword-{number}", "bert"],
        "provenance": {"source": "huggingface", "source_id": f"owner/model-{number}"},
        "distributions": [{"name": "a", "url": f"https://huggingface.co/owner/model-{number}/a"}],
    }


@pytest.fixture
def stock(tmp_path):
    other = {
        "identifier": "x:1",
        "kind": "model",
        "name": "x",
        "provenance": {"source": "x", "source_id": "1"},
    }
    lines = [
        *(multiply_records.line_of(model(number)) for number in range(20)),
        multiply_records.line_of(other),
    ]
    file = tmp_path / "exported.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    return multiply_records.Stock.of(file)


def test_a_record_is_a_function_of_seed_and_number(stock):
    made = [multiply_records.multiplied(stock, 1, number) for number in range(50)]
    assert made == [multiply_records.multiplied(stock, 1, number) for number in range(50)]
    assert made != [multiply_records.multiplied(stock, 2, number) for number in range(50)]


def test_records_are_valid_and_all_different(stock):
    made = [multiply_records.multiplied(stock, 1, number) for number in range(300)]
    assert len({ModelRecord.from_json(record).identifier for record in made}) == 300
    assert len({record["description"] for record in made}) == 300
    assert all(record["identifier"].partition(":")[2] in record["distributions"][0]["url"] for record in made)


def test_most_words_stay_and_the_others_come_from_the_stock(stock):
    known = set(stock.words)
    for number in range(50):
        words = multiply_records.multiplied(stock, 1, number)["description"].split()
        assert known.issuperset(words)
        commonest = max(sum(word.startswith(f"word{at}-") for word in words) for at in range(20))
        assert commonest > 25
