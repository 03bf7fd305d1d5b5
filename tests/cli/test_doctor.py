# SPDX-License-Identifier: MIT
"""`fairreg doctor`: on a bare machine, with each database, without a network; it never fails itself."""

import os
import re
from dataclasses import replace
from threading import Event

import pytest

from fairreg import runners
from fairreg.registry.parts.upkeep import Upkeep
from fairreg.services.doctor import installation, places, reachability
from fairreg.services.doctor.doctor import examine
from fairreg.settings import options
from support.permissions import needs_permissions, ordinary_rights, read_only

SECRET = "S3CR3T"
STEPS = re.compile(r"^  \d+\. (.*)\n     (.+)$", re.MULTILINE)


@pytest.fixture
def answering(httpserver):
    """Services that answer, whatever they say."""
    httpserver.expect_request(re.compile(".*")).respond_with_data("", status=404)


def closed(monkeypatch):
    """Services that nobody reaches: no program listens at their port."""
    for option in options():
        if option.kind == "url" and str(option.key).startswith("urls."):
            monkeypatch.setenv(option.variable, "http://127.0.0.1:9")


def test_all_is_well_with_each_database(cli, settings, engine, answering):
    assert cli("db", "init").code == 0
    result = cli("doctor", "--json")
    assert (result.code, result.json["problems"], result.json["notes"]) == (0, [], [])
    database = result.json["database"]
    assert (database["engine"], database["state"], database["error"]) == (engine, "current", None)
    assert database["entries"] > 0
    assert database["size"] > 10_000
    assert database["writable"] is True
    assert "@" not in database["location"]
    assert {item["status"] for item in result.json["services"]} == {"reachable"}
    assert result.json["home"] == str(settings.home)
    text = cli("doctor")
    assert text.code == 0
    assert text.out.splitlines()[-1] == "All is well."
    assert [line for line in text.out.splitlines() if line != line.rstrip()] == []


@pytest.mark.engines("sqlite")
def test_it_makes_no_registry_and_no_home(cli, settings, answering):
    result = cli("doctor", "--json")
    assert result.code == 0
    assert result.json["database"]["state"] == "missing"
    assert result.json["notes"] == ["There is no registry yet; the first command that needs one creates it."]
    assert result.json["cache"]["exists"] is False
    assert not settings.home.exists()


@pytest.mark.engines("sqlite")
def test_without_a_network_it_says_so_and_ends_with_4(cli, monkeypatch):
    closed(monkeypatch)
    result = cli("doctor", "--json")
    assert result.code == 4
    assert {item["status"] for item in result.json["services"]} == {"unreachable"}
    (problem,) = result.json["problems"]
    assert problem["unreachable"]
    assert problem["problem"].startswith("Not reachable: zenodo, datacite, ")
    assert "FAIRREG_OFFLINE=1" in cli("doctor").out


@pytest.mark.engines("sqlite")
def test_a_service_that_hangs_holds_nobody_up(cli, monkeypatch):
    answered = Event()

    def asked(item, _settings):
        if item.name == "zenodo":
            answered.wait()
        return replace(item, status="reachable")

    monkeypatch.setattr(reachability, "_asked", asked)
    monkeypatch.setattr(reachability, "_LONGEST", 0.5)
    result = cli("doctor", "--json")
    answered.set()
    assert result.code == 4
    found = {item["name"]: item["message"] for item in result.json["services"]}
    assert found["zenodo"] == "no answer within 0.5 s"


@pytest.mark.engines("sqlite")
def test_offline_mode_asks_nobody_and_is_well(cli, monkeypatch, httpserver):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("doctor", "--json")
    assert (result.code, httpserver.log) == (0, [])
    assert {item["message"] for item in result.json["services"]} == {"offline mode is on"}
    assert "not asked (offline mode is on): zenodo, " in cli("doctor").out


@pytest.mark.engines("sqlite")
def test_a_disabled_source_is_not_asked(cli, monkeypatch, answering):
    monkeypatch.setenv("FAIRREG_DISABLE", "openml")
    found = {item["name"]: item["status"] for item in cli("doctor", "--json").json["services"]}
    assert (found["openml"], found["zenodo"]) == ("not asked", "reachable")


@pytest.mark.engines("sqlite")
def test_a_bare_machine_is_told_how_to_install_the_other_engines(cli, monkeypatch, answering):
    _, by_extra = installation._requirements()
    optional = {name for names in by_extra.values() for name in names}
    known = installation._version
    monkeypatch.setattr(installation, "_version", lambda name: None if name in optional else known(name))
    for name in set(runners.names()) - {"onnx"}:
        monkeypatch.setattr(runners.get(name), "available", lambda: False)
    result = cli("doctor", "--json")
    assert result.code == 0
    found = {item["name"]: item for item in result.json["runtimes"]}
    assert found["onnx"] == {"name": "onnx", "available": True, "install": None}
    assert found["torch"]["install"] == "pip install 'fairreg[torch]'"
    assert {item["installed"] for item in result.json["extras"]} == {False}
    assert "not installed: fused, keras, lightgbm" in cli("doctor").out


@pytest.mark.engines("sqlite")
def test_a_package_that_is_missing_needs_doing(cli, monkeypatch, answering):
    known = installation._version
    monkeypatch.setattr(installation, "_version", lambda name: None if name == "onnx" else known(name))
    result = cli("doctor")
    assert result.code == 1
    assert (
        "The package onnx, which fairreg needs, is not installed.",
        "pip install fairreg",
    ) in STEPS.findall(result.out)


@pytest.mark.engines("sqlite")
def test_no_token_password_or_user_is_printed(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    monkeypatch.setenv("ZENODO_TOKEN", SECRET)
    monkeypatch.setenv("HF_ENDPOINT", f"http://jane.doe:{SECRET}@127.0.0.1:9")
    monkeypatch.setenv(
        "FAIRREG_DATABASE_URL", f"postgresql://jane.doe:{SECRET}@127.0.0.1:9/models?connect_timeout=2"
    )
    monkeypatch.setenv("FAIRREG_SECRET", SECRET)
    file = tmp_path / "config.toml"
    file.write_text(f"[tokens]\ngithub = '{SECRET}'")
    file.chmod(0o644)
    monkeypatch.setenv("FAIRREG_CONFIG", str(file))
    shown, document = cli("doctor"), cli("doctor", "--json")
    for result in (shown, document):
        assert result.code == 1
        assert SECRET not in result.out + result.err
        assert "jane.doe" not in result.out + result.err
    tokens = {item["service"]: item["stated_in"] for item in document.json["tokens"]}
    assert (tokens["zenodo"], tokens["github"], tokens["huggingface"]) == ("environment", "config file", None)
    steps = dict(STEPS.findall(shown.out))
    assert steps["FAIRREG_SECRET is set, and it is not a setting of fairreg."] == "Unset it."
    assert os.name != "posix" or f"chmod 600 {file}" in steps.values()


@pytest.mark.engines("sqlite")
def test_a_server_of_the_database_that_is_not_reached_ends_with_4(cli, monkeypatch, answering):
    monkeypatch.setenv("FAIRREG_DATABASE_URL", f"postgresql://me:{SECRET}@127.0.0.1:9/models")
    result = cli("doctor", "--json")
    assert result.code == 4
    assert (result.json["database"]["state"], result.json["database"]["engine"]) == ("failed", "postgresql")
    assert SECRET not in result.out


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FAIRREG_CONFIG", "/nowhere/config.toml"),
        ("FAIRREG_ZENODO_URL", "ftp://x"),
        ("FAIRREG_HOME", "~nosuchuser/x"),
        ("ZENODO_TOKEN", "a b"),
        ("FAIRREG_DISABLE", "nothing"),
        ("FAIRREG_DATABASE_URL", "mysql://x"),
        ("FAIRREG_DATABASE_URL", "//"),
        ("FAIRREG_OFLINE", "1"),
    ],
)
def test_a_setting_that_is_wrong_is_one_of_the_points_and_the_rest_is_told(
    cli, monkeypatch, answering, variable, value
):
    monkeypatch.setenv(variable, value)
    result = cli("doctor", "--json")
    assert result.code == 1
    assert [item for item in result.json["problems"] if item["problem"] and item["next_step"]]
    assert result.json["versions"]["packages"]["numpy"]
    assert cli("doctor").code == 1


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("content", [b"", b"no database at all, but a text of some length" * 100])
def test_a_file_that_is_no_registry_is_told(cli, settings, answering, content):
    settings.home.mkdir(parents=True)
    (settings.home / "registry.sqlite").write_bytes(content)
    result = cli("doctor", "--json")
    assert result.json["database"]["state"] == ("failed" if content else "empty")
    assert result.code == (1 if content else 0)
    assert (settings.home / "registry.sqlite").read_bytes() == content


@pytest.mark.engines("sqlite")
def test_a_registry_of_earlier_rules_needs_an_upgrade(cli, answering):
    cli("db", "init")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Upkeep, "follows_this_release", lambda _self: False)
        result = cli("doctor")
    assert result.code == 1
    assert [step for _, step in STEPS.findall(result.out)] == ["fairreg db upgrade"]


@pytest.mark.engines("sqlite")
def test_little_space_needs_doing(cli, monkeypatch, answering):
    usage = type("Usage", (), {"total": 2**40, "used": 0, "free": 5 * 2**20})
    monkeypatch.setattr(places.shutil, "disk_usage", lambda _folder: usage)
    result = cli("doctor")
    assert result.code == 1
    assert "Only 5 MiB are free" in result.out


@needs_permissions
@pytest.mark.engines("sqlite")
def test_a_home_that_is_read_only_is_a_note(cli, settings, answering):
    cli("db", "init")
    settings.cache.mkdir()
    with ordinary_rights(), read_only(settings.home):
        result = cli("doctor", "--json")
    assert (result.code, result.json["problems"]) == (0, [])
    assert len(result.json["notes"]) == 2


def test_the_report_is_there_in_python(environment):
    report = examine({**environment, "FAIRREG_OFFLINE": "1"})
    assert report.versions.python
    assert report.to_json()["home"] == environment["FAIRREG_HOME"]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("key", ["home", "database_url"])
@pytest.mark.parametrize("command", ["cache info", "search x", "sources", "doctor"])
def test_a_null_character_in_a_path_is_wrong_usage_everywhere(tmp_path, cli, monkeypatch, key, command):
    prefix = "sqlite:///" if key == "database_url" else ""
    path = tmp_path / "config.toml"
    path.write_text(f'{key} = "{prefix}{tmp_path}/a\\u0000b"')
    monkeypatch.setenv("FAIRREG_CONFIG", str(path))
    monkeypatch.setenv("FAIRREG_HOME", "" if key == "home" else str(tmp_path))
    monkeypatch.delenv("FAIRREG_DATABASE_URL", raising=False)
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    done = cli(*command.split())
    assert done.code == (1 if command == "doctor" else 2)  # the doctor reports it as a problem
    assert f"{key} in the config file {path} (line 1) has a null character" in done.out + done.err


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has such permissions")
@pytest.mark.engines("sqlite")
def test_the_command_that_mends_a_file_others_may_read_can_be_pasted(tmp_path, cli, monkeypatch):
    (folder := tmp_path / "a: b").mkdir()
    path = folder / "config.toml"
    path.write_text(f"[tokens]\nzenodo = '{SECRET}'")
    path.chmod(0o644)
    monkeypatch.setenv("FAIRREG_CONFIG", str(path))
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    (problem,) = cli("doctor", "--json").json["problems"]
    assert (
        problem["problem"] == f"The config file {path} holds a token or password and other users may read it."
    )
    assert problem["next_step"] == f"chmod 600 '{path}'"


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--json"), ("search", "x")], ids="-".join)
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bob:{}/db",
        "postgresql://127.0.0.1:9/db?user={}&passfile={}&options=-c{}&connect_timeout=2",
        "postgresql://127.0.0.1:9/db?connect_timeout={}",
    ],
)
def test_nothing_of_a_database_url_but_host_port_and_name_is_printed(cli, monkeypatch, words, url):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    monkeypatch.setenv("FAIRREG_DATABASE_URL", url.replace("{}", SECRET))
    done = cli(*words)
    assert done.code in {1, 2, 4}
    assert SECRET not in done.out + done.err
