# SPDX-License-Identifier: MIT
import pytest
from deposit_stand_in import served

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
    """Publish the folder at the stand-in; `talk` holds what was logged, `asked` the shown reports."""

    def call(*, yes=True, retries=0, token=None, environment=None, progress=None, place=folder, **choices):
        variables = {**stand.settings, "FAIRREG_HOME": str(tmp_path / "home"), **(environment or {})}
        settings = Settings.from_environment(variables)

        def confirm(report):
            call.asked.append(report)
            return yes

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
    return call
