# SPDX-License-Identifier: MIT
"""What the config file may say, who wins, and what is refused by name."""

import json
import os
import subprocess
import sys
import tomllib

import build_settings_docs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.config_file import read
from fairreg.errors import UsageError
from fairreg.services.enabled_sources import enabled
from fairreg.settings import Settings, options, unknown_variables

SECRET = "S3CR3T"
SAMPLES = {"flag": "true", "list": '["http://127.0.0.1:8080"]', "path": '"elsewhere"', "token": '"abc"'}


@pytest.fixture
def home(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


def write(home, text, name="config.toml"):
    path = home / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def settings(home, **environment):
    return Settings.from_environment({"FAIRREG_HOME": str(home), **environment})


def refusal(home, text, **environment):
    path = write(home, text)
    with pytest.raises(UsageError) as caught:
        settings(home, **environment)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def line_of(option):
    sample = SAMPLES.get(option.kind, '"http://127.0.0.1:8080"')
    table, _, name = option.key.rpartition(".")
    return (f"[{table}]\n" if table else "") + f"{name} = {sample}\n"


@pytest.mark.parametrize("option", [item for item in options() if item.key], ids=lambda item: item.variable)
def test_every_setting_may_stand_in_the_file_and_the_environment_wins(home, option):
    write(home, line_of(option))
    stated = settings(home, FAIRREG_HOME="" if option.variable == "FAIRREG_HOME" else str(home),
                      FAIRREG_CONFIG=str(home / "config.toml"))  # fmt: skip
    assert stated.stated[option.variable] == "config file"
    assert stated.config == home / "config.toml"
    value = {"flag": "0", "path": str(home), "token": "of-the-environment"}.get(
        option.kind, "http://127.0.0.1:9"
    )
    assert settings(home, **{option.variable: value}).stated[option.variable] == "environment"


def test_what_stands_in_the_file_is_used(home):
    text = f"""
offline = true
debug = true
disable = ["OpenML", "github"]
peers = ["http://127.0.0.1:8080/", "https://models.example.org/oai"]
base_url = "https://models.example.org/"
database_url = "postgresql://models.example.org/fairreg"
[tokens]
zenodo = "{SECRET}"
[urls]
huggingface = "http://me:{SECRET}@127.0.0.1:9"
"""
    write(home, text)
    found = settings(home)
    assert (found.offline, found.debug, found.disabled) == (True, True, {"openml", "github"})
    assert found.peers == ("http://127.0.0.1:8080", "https://models.example.org")
    assert (found.base_url, found.database_url) == (
        "https://models.example.org",
        "postgresql://models.example.org/fairreg",
    )
    assert found.service("zenodo").token == SECRET
    assert found.service("huggingface").login == f"me:{SECRET}"
    assert found.service("huggingface").url == "http://127.0.0.1:9"
    assert SECRET not in repr(found) + repr(found.service("zenodo"))


def test_a_variable_turns_off_what_the_file_turns_on(home):
    write(home, 'offline = true\npeers = ["http://127.0.0.1:8080"]\n[tokens]\nzenodo = "a"\n')
    found = settings(home, FAIRREG_OFFLINE="0", ZENODO_TOKEN="b", FAIRREG_PEERS="http://127.0.0.1:9")
    assert (found.offline, found.service("zenodo").token) == (False, "b")
    assert found.peers == ("http://127.0.0.1:9",)
    assert settings(home, FAIRREG_OFFLINE=" ", ZENODO_TOKEN="").offline


def test_without_a_file_nothing_is_read_and_an_empty_one_sets_nothing(home):
    assert settings(home).config is None
    write(home, "")
    assert settings(home).config == home / "config.toml"
    assert set(settings(home).stated) == {"FAIRREG_HOME"}


def test_a_named_file_replaces_that_of_the_home_and_has_to_exist(home):
    write(home, "offline = true")
    other = write(home, "debug = true", "other.toml")
    found = settings(home, FAIRREG_CONFIG=str(other))
    assert (found.offline, found.debug) == (False, True)
    assert not settings(home, FAIRREG_CONFIG=os.devnull).offline
    with pytest.raises(UsageError, match=r"nowhere\.toml") as caught:
        settings(home, FAIRREG_CONFIG=str(home / "nowhere.toml"))
    assert "FAIRREG_CONFIG" in str(caught.value.hint)
    with pytest.raises(UsageError, match="cannot be read"):
        settings(home, FAIRREG_CONFIG=str(home))
    with pytest.raises(UsageError, match="FAIRREG_CONFIG"):
        settings(home, FAIRREG_CONFIG="~nosuchuser/config.toml")


@pytest.mark.parametrize(
    ("stated", "meant"), [("data", "{home}/data"), ("../data", "{home}/../data"), ("~/data", "{user}/data")]
)
def test_a_path_begins_at_the_folder_of_the_file_or_at_a_home(home, monkeypatch, stated, meant):
    monkeypatch.setenv("HOME", "/somebody")
    path = write(home, f"home = '{stated}'")
    found = Settings.from_environment({"FAIRREG_CONFIG": str(path)})
    assert str(found.home) == meant.format(home=home, user="/somebody")


def test_the_home_of_nobody_is_named_with_its_key(home):
    error = refusal(home, "home = '~nosuchuser/x'", FAIRREG_HOME="", FAIRREG_CONFIG=str(home / "config.toml"))
    assert error.message.startswith("home in ")


@pytest.mark.parametrize(
    ("text", "named", "hint"),
    [
        ("ofline = true", "ofline (line 1)", "Did you mean offline?"),
        ("\n[token]\nzenodo = 'x'", "token.zenodo (line 3)", "Did you mean tokens.zenodo?"),
        ("[tokens]\nzenod = 'x'", "tokens.zenod (line 2)", "Did you mean tokens.zenodo?"),
        ("ZENODO_TOKEN = 'x'", "ZENODO_TOKEN", "The key of ZENODO_TOKEN is tokens.zenodo."),
        ("fairreg_offline = true", "fairreg_offline", "The key of FAIRREG_OFFLINE is offline."),
        ("FAIRREG_CONFIG = 'x'", "FAIRREG_CONFIG", "in the environment only"),
        ("colour = 'red'", "colour", "lists all keys"),
        ("a=1\nb=1\nc=1\nd=1\ne=1\nf=1", "and 1 more", "lists all keys"),
        ("[home]", "home", "Write it as home ="),
        ("[offline]\na = 1", "offline.a", "Did you mean"),
    ],
)
def test_a_key_that_is_no_setting_is_named_with_the_one_that_is_meant(home, text, named, hint):
    error = refusal(home, text)
    assert named in error.message
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('offline = "yes"', "offline in the config file {} (line 1) is a text, and has to be true or false."),
        ("offline = 1", "(line 1) is a number, and has to be true or false."),
        ('peers = "http://x"', "is a text, and has to be a list of texts."),
        ("peers = [1]", "is a list of other values, and has to be a list of texts."),
        ("disable = ['a,b']", "has an item with a comma."),
        ("home = 5", "is a number, and has to be a text."),
        ("[tokens]\nzenodo = true", "tokens.zenodo in the config file {} (line 2) is true or false"),
        ("tokens.zenodo = [1]", "tokens.zenodo in the config file {} (line 1) is a list"),
        ("[urls]\nzenodo = 2024-01-01", "is a date or time, and has to be a text."),
        ("[tokens.zenodo]\na = 1", "is a table, and has to be a text."),
    ],
)
def test_a_value_of_another_type_is_named_with_the_type_that_it_has_to_be(home, text, said):
    assert said.format(home / "config.toml") in refusal(home, text).message


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("offline = yes", "is not TOML (line 1, column 11)", "key = value"),
        ('a = 1\nhome = "C:\\Users\\me"', "is not TOML (line 2", "single quotation marks"),
        ("[tokens", "is not TOML", "key = value"),
        (b"# caf\xe9\n", "is not UTF-8 text (line 1)", "Save it as UTF-8"),
        ("a = " + "[" * 5000 + "]" * 5000, "nests too deeply", "key = value"),
        ("a = " + "1" * 5000, "is not TOML", "key = value"),
        ("#" * 2**20 + "#", "is larger than 1 MiB", "FAIRREG_CONFIG"),
    ],
    ids=["word", "windows", "open", "latin-1", "deep", "digits", "large"],
)
def test_a_file_that_is_not_toml_is_named_with_the_line(home, text, said, hint):
    error = refusal(home, text)
    assert said in error.message
    assert hint in str(error.hint)


def test_a_mark_of_windows_editors_at_the_beginning_is_no_fault(home):
    write(home, b"\xef\xbb\xbfoffline = true\r\n")
    assert settings(home).offline


def test_a_wrong_value_is_named_by_its_key_and_a_secret_in_it_is_not_told(home):
    text = f"[urls]\nzenodo = 'http://me:{SECRET}@'\n"
    error = refusal(home, text)
    assert error.message.startswith("urls.zenodo in ")
    assert SECRET not in f"{error} {error.hint}"
    error = refusal(home, f"[tokens]\nzenodo = '{SECRET} x'\n")
    assert error.message.startswith("tokens.zenodo in ")
    assert SECRET not in f"{error} {error.hint}"
    error = refusal(home, f"peers = ['http://me:{SECRET}@x']")
    assert SECRET not in f"{error} {error.hint}"
    error = refusal(home, f"base_url = 'http://me:{SECRET}@x'")
    assert error.message.startswith("base_url in ")
    assert SECRET not in f"{error} {error.hint}"


@pytest.mark.parametrize(
    "text", ["[tokens]\nzenodo = {0}", "zenodo_token = {0}", "offline = '{0}'", "[tokens]\n{0}"]
)
def test_a_fault_does_not_tell_a_token(home, text):
    error = refusal(home, text.format(SECRET))
    assert SECRET not in f"{error.message} {error.hint}"


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has such permissions")
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("[tokens]\nzenodo = 'abc'", True),
        ("database_url = 'postgresql://me:abc@host/x'", True),
        ("[urls]\nzenodo = 'http://me:abc@host'", True),
        ("offline = true\n[urls]\nzenodo = 'http://host'", False),
        ("[tokens]\nzenodo = ''", False),
    ],
)
def test_a_file_with_a_secret_that_others_may_read_is_warned_of(home, text, secret):
    path = write(home, text)
    assert settings(home).warnings == ()
    for mode in (0o640, 0o604):
        path.chmod(mode)
        warnings = settings(home).warnings
        assert bool(warnings) == secret
        assert not secret or f"chmod 600 {path}" in warnings[0]
        assert "abc" not in "".join(warnings)


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml(key)} = {toml(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        quoted = "".join(
            f"\\U{ord(letter):08x}" if not " " <= letter <= "~" or letter in '"\\' else letter
            for letter in value
        )
        return f'"{quoted}"'
    return repr(value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([item.key for item in options() if item.key] + ["tokens", "urls"]) | TEXTS


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_document_sets_known_texts_or_is_wrong_usage(tmp_path_factory, document):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    tables = {key: value for key, value in document.items() if "." not in key}
    dotted = "".join(f"{key} = {toml(value)}\n" for key, value in document.items() if key.count(".") == 1
                     and key.partition(".")[0] not in tables and key.replace(".", "").isalpha())  # fmt: skip
    text = dotted + "".join(f"{toml(key)} = {toml(value)}\n" for key, value in tables.items())
    tomllib.loads(text)
    path.write_text(text, encoding="utf-8", newline="")
    found, fault = outcome(path)
    assert fault is None or (str(path) in fault.message and fault.hint)
    assert set(found) <= {item.variable for item in options()}
    assert all(isinstance(value, str) for value in found.values())


def outcome(path):
    """The texts that a file sets, and why it is refused."""
    try:
        return read(path, options()).texts, None
    except UsageError as error:
        return {}, error


@given(st.binary(max_size=60))
def test_any_bytes_are_a_config_file_or_wrong_usage(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(content)
    _, fault = outcome(path)
    assert fault is None or str(path) in fault.message


@given(st.lists(st.text("abcdefgh:/.0123456789-", min_size=1, max_size=9), max_size=5))
def test_a_list_of_the_file_is_that_of_the_variable(tmp_path_factory, names):
    path = tmp_path_factory.getbasetemp() / "lists.toml"
    path.write_text(f"disable = {toml(names)}", encoding="utf-8")
    in_file = Settings.from_environment({"FAIRREG_HOME": "/nowhere", "FAIRREG_CONFIG": str(path)})
    stated = Settings.from_environment({"FAIRREG_HOME": "/nowhere", "FAIRREG_DISABLE": ",".join(names)})
    assert in_file.disabled == stated.disabled


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_is_meant():
    named = {
        "FAIRREG_OFLINE": "1",
        "FAIRREG_ZENODO_TOKEN": "x",
        "FAIRREG_HOME": "/x",
        "fairreg_peers": "",
        "FAIRREG_": "",
        "HOME": "/x",
    }
    assert {item.name: item.suggestion for item in unknown_variables(named)} == {
        "FAIRREG_": None,
        "FAIRREG_OFLINE": "FAIRREG_OFFLINE",
        "FAIRREG_ZENODO_TOKEN": "ZENODO_TOKEN",
        "fairreg_peers": "FAIRREG_PEERS",
    }


def test_the_table_of_the_settings_is_up_to_date():
    """Where it is not: python scripts/build_settings_docs.py."""
    assert build_settings_docs.PAGE.read_text(encoding="utf-8") == build_settings_docs.page()


def test_the_example_in_the_documentation_is_read(home):
    text = build_settings_docs.PAGE.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    write(home, text)
    assert {"FAIRREG_DATABASE_URL", "ZENODO_TOKEN", "HF_ENDPOINT"} <= set(settings(home).stated)


@pytest.mark.engines("sqlite")
def test_commands_say_what_is_wrong_with_the_file_and_use_what_is_right(tmp_path, environment):
    def run(*words, **more):
        command = [sys.executable, "-m", "fairreg", *words]
        return subprocess.run(
            command, env={**environment, **more}, capture_output=True, text=True, check=False
        )

    path = tmp_path / "config.toml"
    path.write_text("ofline = true")
    done = run("cache", "info", FAIRREG_CONFIG=str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "Hint: Did you mean offline?"
    path.write_text(f"offline = true\n[tokens]\nzenodo = '{SECRET}'")
    path.chmod(0o644)
    done = run("sources", "--check", "--json", FAIRREG_CONFIG=str(path))
    assert done.returncode == 4
    assert f"Set FAIRREG_OFFLINE=0 to allow it: {path} says offline." in done.stderr
    assert {item["check"]["status"] for item in json.loads(done.stdout)} == {"unreachable", "not checked"}
    assert os.name != "posix" or f"chmod 600 {path}" in done.stderr
    assert SECRET not in done.stdout + done.stderr


FAULTS = {
    "home": ("~S3CR3T/x", "FAIRREG_HOME"),
    "database_url": ("postgresql://me:S3CR3T/db", None),
    "base_url": ("S3CR3T", None),
    "peers": (["http://h", "S3CR3T"], None),
    "urls.zenodo": ("S3CR3T", None),
    "tokens.zenodo": ("S3CR3T x", None),
    "disable": (["S3CR3T"], None),
}


@pytest.mark.parametrize("key", FAULTS)
def test_a_value_that_is_wrong_is_named_by_file_line_and_key_and_not_told(home, key):
    value, instead = FAULTS[key]
    path = write(home, f"debug = false\n{key} = {toml(value)}")
    environment = {"FAIRREG_CONFIG": str(path)} | ({instead: ""} if instead else {})
    with pytest.raises(UsageError) as caught:
        enabled(settings(home, **environment))
    said = f"{caught.value} {caught.value.args} {caught.value.hint}"
    assert f"{key} in the config file {path} (line 2)" in said
    assert "S3CR3T" not in said
    assert "FAIRREG_" not in said
