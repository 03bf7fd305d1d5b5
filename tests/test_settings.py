# SPDX-License-Identifier: MIT
"""What the environment may say, and what is wrong usage."""

import sqlite3

import pytest

from fairreg.errors import UsageError
from fairreg.services.registry import db
from fairreg.settings import Settings


def test_the_host_of_a_service_is_in_lower_case_whatever_the_user_typed():
    settings = Settings.from_environment({"FAIRREG_ZENODO_URL": "http://LocalHost:8080/Mirror"})
    assert settings.service("zenodo").netloc == "localhost:8080"
    assert settings.service("zenodo").url == "http://LocalHost:8080/Mirror"


@pytest.mark.parametrize(
    "environment",
    [
        {"FAIRREG_HOME": "~nosuchuser/x"},
        {"FAIRREG_ZENODO_URL": "http://["},
        {"FAIRREG_ZENODO_URL": "http://"},
        {"FAIRREG_ZENODO_URL": "http://host:port"},
        {"FAIRREG_ZENODO_URL": "zenodo.org"},
    ],
    ids=str,
)
def test_a_setting_that_means_nothing_is_wrong_usage_and_named(environment):
    (name,) = environment
    with pytest.raises(UsageError, match=name) as caught:
        Settings.from_environment(environment)
    assert caught.value.hint


SECRET = "S3CR3T"


def test_user_and_password_of_a_base_url_are_no_part_of_it():
    settings = Settings.from_environment({"FAIRREG_ZENODO_URL": f"http://me:a%3A{SECRET}@host:80/Mirror/"})
    zenodo = settings.service("zenodo")
    assert (zenodo.url, zenodo.netloc, zenodo.login) == ("http://host:80/Mirror", "host", f"me:a:{SECRET}")
    assert SECRET not in repr(settings) + repr(zenodo)


@pytest.mark.parametrize(
    "value",
    [
        "{}@host", "me:{}@host/x", "http://me:{}@", "http://me:{}@[host", "http://me:{}@host:port", "ftp://me:{}@host",
        "http://me:a/{}@host", "http://host/?token={}", "http://host/#{}@x", "http://m%FFe:{}@host",
    ],
)  # fmt: skip
def test_a_base_url_that_is_none_does_not_tell_its_password(value):
    with pytest.raises(UsageError, match="FAIRREG_ZENODO_URL") as caught:
        Settings.from_environment({"FAIRREG_ZENODO_URL": value.format(SECRET)})
    assert SECRET not in f"{caught.value} {caught.value.args} {caught.value.hint}"


def test_blanks_around_a_token_are_no_part_of_it():
    settings = Settings.from_environment({"ZENODO_TOKEN": " abc\r\n", "HF_TOKEN": "\n"})
    assert settings.service("zenodo").token == "abc"
    assert settings.service("huggingface").token is None


@pytest.mark.parametrize(
    "token", ["a\nX-Evil: 1", "a\r\nb", "a b", "a\x00b", "a\x1bb", "\u00e9", "\u202e", "\udcff"]
)
def test_a_token_that_no_header_carries_is_wrong_usage_and_not_told(token):
    with pytest.raises(UsageError, match="ZENODO_TOKEN") as caught:
        Settings.from_environment({"ZENODO_TOKEN": f"{SECRET}{token}"})
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_disabled_sources_are_names_between_commas():
    named = Settings.from_environment({"FAIRREG_DISABLE": " Zenodo,, hugging-face ,"})
    assert named.disabled == {"zenodo", "hugging-face"}
    assert Settings.from_environment({}).disabled == frozenset()


@pytest.mark.parametrize("name", ["what?", "no#1", "50%", "50%3F", "a b", "é"])
def test_the_registry_lies_in_the_home_whatever_its_name(tmp_path, name):
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path / name)})
    assert db.init(settings).place == str(tmp_path / name / "registry.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    connection = sqlite3.connect(tmp_path / name / "registry.sqlite")
    assert connection.execute("SELECT count(*) FROM entries").fetchone()[0] > 0
    connection.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bob:{}/db", "postgresql+psycopg://{}:{}/db", "postgresql://bob:{}@[::1/db",
        "postgresql://h:0/{}",
        "postgresql://h:99999999/{}", "postgresql://[::1]:{}", "postgresql://h:\u0661/{}", "sqlite:///{}\0",
    ],
)  # fmt: skip
def test_a_database_url_that_is_none_is_wrong_usage_and_not_told(url):
    with pytest.raises(UsageError, match="FAIRREG_DATABASE_URL") as caught:
        Settings.from_environment({"FAIRREG_DATABASE_URL": url.replace("{}", SECRET)})
    assert SECRET not in f"{caught.value} {caught.value.args} {caught.value.hint}"
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://", "postgresql:///db", "postgresql://h", "postgresql://h:/db",
        "postgresql://h:5432?sslmode=require",
        "postgresql+psycopg://me:a/b:c@[::1]:1/db", "postgresql://me:1@h:65535/db", "sqlite://", "sqlite:///a:b",
        "sqlite:///:memory:",
    ],
)  # fmt: skip
def test_a_database_url_is_kept_as_it_is(url):
    assert Settings.from_environment({"FAIRREG_DATABASE_URL": url}).database_url == url


WRONG = {
    "FAIRREG_HOME": "~{}/x", "FAIRREG_PEERS": "http://h/{}?x=1", "FAIRREG_BASE_URL": "{}",
    "FAIRREG_ZENODO_URL": "{}", "ZENODO_TOKEN": "{} {}", "FAIRREG_DATABASE_URL": "postgresql://me:{}/db",
}  # fmt: skip


@pytest.mark.parametrize("variable", WRONG)
def test_no_value_that_is_wrong_is_told(variable):
    with pytest.raises(UsageError, match=variable) as caught:
        Settings.from_environment({variable: WRONG[variable].replace("{}", SECRET)})
    assert SECRET not in f"{caught.value} {caught.value.args} {caught.value.hint}"
