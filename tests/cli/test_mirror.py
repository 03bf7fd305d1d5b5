# SPDX-License-Identifier: MIT
"""The Python API has the verbs of the command line, with the same names of parameters."""

import inspect

import pytest
from command_tree import tree, walked

import fairreg

# Options of how a command prints.
PRINTING = {"help", "json", "plain", "verbose"}
# Commands without a function, with the reason.
COMMANDS_ALONE = {
    "sources": "prints a table of the registry, the settings and the services; Python has fairreg.sources",
    "publish": "asks before it publishes, and keeps its state in the folder",
    "new": "asks for what it cannot know, and writes a project for people",
    "serve": "is a process of its own",
    "mcp": "is a process of its own",
    "db": "is for who keeps a database",
    "cache": "is for who keeps a disk",
    "hbb": "Python has fairreg.models.hbb_in",
}
# Options that a function lacks, with the reason.
OPTIONS_ALONE = {
    "search": {"format": "the report has rows, to_pandas and to_json"},
    "show": {"all": "nothing is folded"},
    "fetch": {
        "run": "fairreg.load and fairreg.run take the identifier",
        **dict.fromkeys(("device", "runtime", "weights", "recipe"), "belongs to --run"),
        "downloader": "is another program",
    },
    "assess": {
        **dict.fromkeys(("all", "query", "since", "limit", "workers", "scheduler", "force"), "for a loop"),
        **dict.fromkeys(("brief", "html", "badge", "jsonld", "compare"), "are forms of the report"),
        "fix": "writes drafts for people to look at",
        "history": "registry.assessments.history",
        "min_score": "the report has scores to compare",
    },
    "harvest": {
        **dict.fromkeys(("collection", "collections", "peers"), "several harvests: for a loop"),
        **dict.fromkeys(("jobs", "workers", "scheduler"), "several harvests at once"),
        "dry_run": "lists what the options mean",
    },
}
# Parameters that only a function has: what stands for an argument, or makes sense in Python only.
PARAMETERS_ALONE = {
    "search": {"query", "gone"},
    "harvest": {"source", "progress"},
    "import": {"file", "progress"},
    "add": {"file"},
    "validate": {"file"},
    "export": {"output"},
    "verify": {"path"},
    "lock": {"pids"},
    "diff": {"first", "second"},
    "link": {"pid", "other"},
    "unlink": {"pid", "other"},
    **{name: {"model"} for name in ("run", "inspect", "convert")},
    **{name: {"pid"} for name in ("show", "cite", "fetch", "assess")},
}
# Without a format Python gives the record itself.
OTHER_DEFAULTS = {("show", "format")}
COMMANDS = {item.words[0]: item for item in walked(tree()) if len(item.words) == 1}


def function_of(name):
    return inspect.unwrap(getattr(fairreg, {"import": "import_"}.get(name, name)))


def options_of(command):
    return {item.names[0].lstrip("-").replace("-", "_") for item in command.options} - PRINTING


def test_every_command_has_a_function_or_a_reason():
    without = {name for name in COMMANDS if {"import": "import_"}.get(name, name) not in fairreg.__all__}
    assert without == COMMANDS_ALONE.keys()


def test_every_function_is_a_command_or_about_a_model_in_memory():
    names = {name for name in fairreg.__all__ if inspect.isfunction(getattr(fairreg, name))}
    assert names - {"import_"} - COMMANDS.keys() == {"load", "fingerprint", "resolve"}


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - COMMANDS_ALONE.keys()))
def test_options_and_parameters_have_the_same_names(name):
    parameters = set(inspect.signature(function_of(name)).parameters)
    options = options_of(COMMANDS[name])
    assert options - parameters == set(OPTIONS_ALONE.get(name, ()))
    assert parameters - options == PARAMETERS_ALONE.get(name, set())


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - COMMANDS_ALONE.keys()))
def test_defaults_are_the_same(name):
    signature = inspect.signature(function_of(name)).parameters
    stated = {
        item.names[0].lstrip("-").replace("-", "_"): item.default
        for item in COMMANDS[name].options
        if item.literal and item.default
    }
    stated = {option: value for option, value in stated.items() if (name, option) not in OTHER_DEFAULTS}
    shared = {option: value for option, value in stated.items() if option in signature}
    found = {option: signature[option].default for option in shared}
    assert {option: str(value) for option, value in found.items()} == shared
