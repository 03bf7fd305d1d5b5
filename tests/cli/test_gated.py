# SPDX-License-Identifier: MIT
"""A gated model at a terminal: its conditions, and what to do."""

import pytest

from harvesters.hub_server import Hub

pytestmark = pytest.mark.engines("sqlite")


def test_show_says_how_to_get_access_to_a_gated_model(cli, monkeypatch):
    card = {"extra_gated_prompt": "Harm nobody.", "base_model": "lab/base", "base_model_relation": "merge"}
    info = {"id": "lab/tagger", "sha": "1", "gated": "auto", "cardData": card}
    with Hub({"lab/tagger": info}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        shown = cli("show", "https://huggingface.co/lab/tagger")
        monkeypatch.setenv("HF_TOKEN", "hf_made_up")
        with_token = cli("show", "https://huggingface.co/lab/tagger")
    text = " ".join(shown.out.split())
    for said in ("gated", "Harm nobody.", "granted on request", "then set HF_TOKEN", "relation: merge)"):
        assert said in text
    assert "the token in HF_TOKEN needs access" in " ".join(with_token.out.split())
