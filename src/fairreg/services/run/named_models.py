# SPDX-License-Identifier: MIT
"""Models ready to run under names that others ask for them by."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote

from fairreg.errors import ModelError, SeveralModels, UsageError
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.run.loaded_model import LoadedModel, local_file, open_model
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["NamedModel", "model_name", "open_named"]

_OTHER = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class NamedModel:
    """A model ready to run, with its name and the identifier or path that was `requested`."""

    name: str
    requested: str
    loaded: LoadedModel


def model_name(model: str) -> str:
    """Return the name of a model, given by its identifier or as a file.

    It is the identifier without its scheme, or the name of the file without its suffix, with a hyphen for
    each character but letters, digits, dots, underscores and hyphens. Raises as `local_file`, and UsageError
    for a name of dots alone, which no address can have.

    >>> model_name("https://doi.org/10.5281/zenodo.7305227")
    '10.5281-zenodo.7305227'
    """
    path = local_file(model)
    identifier = RequestedIdentifier.of(model).identifier if path is None else None
    text = path.stem if path is not None else identifier.value if identifier else model
    name = _OTHER.sub("-", text)
    if not name.strip("."):
        raise UsageError(f"{model!r} gives no name for a model.", hint="Give the file another name.")
    return name


def open_named(settings: Settings, models: Iterable[str], log: Log = no_log) -> Iterator[NamedModel]:
    """Yield these models, each an identifier or a file, ready to run as by ``fairreg run``.

    Warnings about them are logged. Raises UsageError where two have one name, before any is opened, and the
    errors of `open_model`.
    """
    for name, model in _by_name(models).items():
        log(f"Opening the model {model}.")
        try:
            loaded = open_model(settings, model, log=log)
        except SeveralModels as error:
            command = f"fairreg fetch {quote(model)} --file NAME --output FOLDER"
            raise ModelError(error.message, hint=f"Fetch one, and name it as a file: {command}") from error
        for warning in loaded.warnings:
            log(f"Warning: {warning}")
        yield NamedModel(name, model, loaded)


def _by_name(models: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for model in models:
        name = model_name(model)
        if name in found:
            raise UsageError(
                f"The models {found[name]} and {model} would both be called {name}.",
                hint="Leave one of them out, or give one as a file of another name.",
            )
        found[name] = model
    return found
