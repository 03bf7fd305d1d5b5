# SPDX-License-Identifier: MIT
"""Forbidden content of a Keras configuration: code, and names of modules that Keras would import.

Sources: keras/src/saving/serialization_lib.py (class_name, module, registered_name; ``__lambda__``),
keras/src/layers/core/lambda_layer.py, keras/src/export/tfsm_layer.py. Keras' own safe mode is not relied on.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.converters.keras.arguments import quoted

__all__ = ["MAX_JSON", "check", "objects", "parsed"]

MAX_JSON = 16 << 20
_MAX_OBJECTS = 2_000_000
_MAX_DEPTH = 200
_CODE = frozenset({"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"})
_HINT = "Ask the authors for an ONNX file, or run their own program in a container of yours."
_MODULES = ("keras", "builtins")


def parsed(content: bytes | str, origin: str) -> dict[str, Any]:
    """Read a configuration, checked by `check`. Raises ModelError, SecurityRefusal."""
    if len(content) > MAX_JSON:
        raise ModelError(f"The configuration in {origin} exceeds the limit of {MAX_JSON >> 20} MiB.")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else "is not JSON"
        raise ModelError(f"The configuration in {origin} {reason}.") from error
    if not isinstance(found, dict):
        raise ModelError(f"The configuration in {origin} is not a Keras model.")
    # How the model was trained is not used: its losses and metrics may be the author's own.
    found.pop("compile_config", None)
    check(found, origin)
    return found


def objects(config: Any, origin: str) -> Iterator[Mapping[str, Any]]:
    """All JSON objects in a configuration. Raises ModelError for one that is too deep or too large."""
    stack, count = [(config, 0)], 0
    while stack:
        item, depth = stack.pop()
        count += 1
        if depth > _MAX_DEPTH or count > _MAX_OBJECTS:
            raise ModelError(f"The configuration in {origin} is nested too deeply or too large.")
        if isinstance(item, Mapping):
            yield item
            stack += [(value, depth + 1) for value in item.values()]
        elif isinstance(item, list):
            stack += [(value, depth + 1) for value in item]


def check(config: Any, origin: str) -> None:
    """Raise SecurityRefusal for a configuration with code in it, or with the name of a foreign module."""
    for item in objects(config, origin):
        kind, module = item.get("class_name"), item.get("module")
        if (isinstance(kind, str) and kind in _CODE) or item.get("function_type") == "lambda":
            name = (
                item.get("name") or (item.get("config") or {}) if isinstance(item.get("config"), dict) else ""
            )
            name = name.get("name", "") if isinstance(name, dict) else name
            raise SecurityRefusal(
                f"{origin} holds code: {_words(kind, name)}. It is not run.",
                hint=_HINT,
            )
        if kind is None or module is None:
            continue
        if not isinstance(module, str) or module.partition(".")[0] not in _MODULES:
            raise SecurityRefusal(
                f"{origin} names code outside Keras: {quoted(kind)} of the module {quoted(module)}. "
                "It is not imported.",
                hint=_HINT,
            )


def _words(kind: object, name: object) -> str:
    label = "a Python lambda" if kind == "__lambda__" else f"a layer of the class {quoted(kind)}"
    return f"{label} called {quoted(name)}" if name else label
