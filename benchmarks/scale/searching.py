# SPDX-License-Identifier: MIT
"""Searching: each question warm, and in turn with the engine's bare statement for the same words."""

import statistics
import time
from collections.abc import Callable, Sequence

from engines import Engine

from fairreg.registry import Registry

__all__ = ["COMMON", "search_times"]

# Words that a Hub of language models is full of, alone and together.
COMMON = (
    "bert", "transformer", "pytorch", "text generation", "question answering", "english", "gpt2",
    "image classification", "speech recognition", "translation", "sentence similarity", "roberta german",
    "bert base uncased finetuned squad", "wav2vec2 large xlsr", "language model trained on wikipedia",
    "distilbert sentiment analysis", "t5 small summarization", "multilingual token classification",
)  # fmt: skip
RUNS = 3
# The bare statement reads all that holds a common word, which takes seconds: once is enough.
BARE_RUNS = 1


def search_times(engine: Engine, queries: Sequence[str]) -> dict[str, object]:
    """Milliseconds over all queries, and the ratio to the bare statement."""
    bare = engine.bare()
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    with Registry(settings=engine.settings) as registry:
        for query in queries:
            ours[query] = _median(registry.search, query, RUNS)
            theirs[query] = _median(bare, query, BARE_RUNS)
    return {
        "median": statistics.median(ours.values()),
        "p95": _percentile(list(ours.values()), 0.95),
        "slowest": max(ours, key=lambda query: ours[query]),
        "bare_median": statistics.median(theirs.values()),
        "bare_p95": _percentile(list(theirs.values()), 0.95),
        "ratio": sum(ours.values()) / sum(theirs.values()),
        "ratio_of_medians": statistics.median(ours.values()) / statistics.median(theirs.values()),
        "queries": {query: [ours[query], theirs[query]] for query in queries},
    }


def _median(ask: Callable[[str], object], query: str, runs: int) -> float:
    """Milliseconds, after one run that warms up."""
    ask(query)
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        ask(query)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
