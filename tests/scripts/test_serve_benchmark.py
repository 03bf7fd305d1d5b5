# SPDX-License-Identifier: MIT
"""The load of the server, in short: every scenario is answered, compared with its service and printed."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
SCENARIOS = {
    "search", "search with facets", "search page", "record page", "record JSON", "OAI oai_dc", "OAI rdf",
    "OAI oai_datacite", "changes", "healthz",
}  # fmt: skip


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("serve_benchmark", FOLDER / "serve.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    yield script
    for name in ("http_load", "many_records", "multiply_records"):
        sys.modules.pop(name, None)


def test_every_scenario_is_loaded_and_compared(benchmark, tmp_path, monkeypatch, capsys):
    short = ["--records", "200", "--clients", "2", "--seconds", "0.02", "--pairs", "1", "--json"]
    monkeypatch.setattr(sys, "argv", ["serve.py", "--folder", str(tmp_path), *short])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    figures = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert figures["entries"] > 300
    assert {row["name"] for row in figures["scenarios"]} == SCENARIOS
    for row in figures["scenarios"]:
        assert row["statuses"].keys() == {"200"}, row["name"]
        assert row["service_ms"] > 0
        assert 0 < row["p50"] <= row["p95"] <= row["p99"]
    assert figures["twice"]["clients"] == 4
    assert figures["mix"]["memory_mib"]["before"] > 20
    printed = "\n".join(benchmark.table(figures))
    assert all(name in printed for name in SCENARIOS)


def test_only_too_much_load_may_be_refused(benchmark):
    row = {"name": "search", "statuses": {"200": 5, "503": 1}}
    figures = {
        "scenarios": [row],
        "mix": {"statuses": {"200": 1}},
        "twice": {"statuses": {"503": 2, "500": 1}},
    }
    assert benchmark.faults(figures) == ["search: 1 answers 503", "twice: 1 answers 500"]
