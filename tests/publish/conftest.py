# SPDX-License-Identifier: MIT
from time import time
from types import SimpleNamespace

import pytest
from deposit_stand_in import served
from hub_stand_in import served as hub_served

from fairreg.services.publish.publish import PublishingChoices, publish
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy
from support.publishing import model_folder


@pytest.fixture
def stand():
    with served() as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "toy").mkdir()
    return model_folder(tmp_path / "toy")


@pytest.fixture
def run(stand, folder, tmp_path):
    """Publish the folder at the stand-in; `talk` holds what was logged, `asked` the shown reports.

    `yes` is the answer to the question, or a function that gives it.
    """

    def call(*, yes=True, retries=0, token=None, environment=None, progress=None, place=folder, **choices):
        variables = {**stand.settings, "FAIRREG_HOME": str(tmp_path / "home"), **(environment or {})}
        settings = Settings.from_environment(variables)

        def confirm(report):
            call.asked.append(report)
            call.answer()
            return yes() if callable(yes) else yes

        with HttpClient(settings, sleep=lambda _s: None, patience=RetryPolicy(retries=retries)) as web:
            return publish(
                settings,
                place,
                PublishingChoices(**{"to": "zenodo", "assess": False, **choices}),
                confirm=confirm,
                log=call.talk.append,
                progress=progress or (lambda _name, _done, _size: None),
                web=web,
            )

    call.talk, call.asked = [], []
    call.answer = lambda: None  # what happens while the question stands
    return call


@pytest.fixture
def hub(monkeypatch):
    # Set by the stand-in's settings where fairreg is a process of its own.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(
        "huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda _seconds: None, time=time)
    )
    with hub_served() as server:
        yield server


@pytest.fixture
def push(run, hub):
    """Publish the folder at the Hub, as lab/toy unless another name is given."""

    def call(*, environment=None, **choices):
        named = {} if "version_of" in choices else {"repository": "lab/toy"}
        variables = {**hub.settings, **(environment or {})}
        return run(environment=variables, **{"to": "huggingface", **named, **choices})

    return call


@pytest.fixture
def deposit(run, hub):
    """Publish the folder at Zenodo's stand-in, with the Hub's stand-in beside it."""
    return lambda **choices: run(environment=hub.settings, **choices)
