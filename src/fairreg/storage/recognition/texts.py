# SPDX-License-Identifier: MIT
"""Models that are texts: XGBoost and conifer (JSON), LightGBM, TMVA (XML), Keras' descriptions.

Sources: XGBoost's doc/model.schema, LightGBM's GBDT::SaveModelToString, the XML that TMVA's
MethodBase::WriteStateToStream writes, conifer's ModelBase, Keras' Model.to_json. XML is never parsed:
entities and depth mean nothing here. Of JSON only the outer members are decoded.
"""

import re
from collections import Counter
from pathlib import Path

import msgspec

from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition.beginning import opened
from fairreg.storage.recognition.description import FormatDescription
from fairreg.storage.recognition.json_members import Members, counted, layers, members, text

__all__ = ["FORMATS", "describe"]

FORMATS: frozenset[FileFormat] = frozenset({"xgboost", "lightgbm", "tmva"})
_MAX_JSON = 256 << 20
_START = 1 << 16
_CONIFER = ("trees", "n_trees", "n_features", "n_classes", "max_depth", "init_predict", "norm")
_MAX_VERSION = 60


def describe(path: Path, head: bytes) -> FormatDescription | None:
    """Recognise a text by its beginning, JSON by its outer members; None for any other text."""
    with opened(path, head) as stream:
        start = stream.read(_START)
    if re.match(rb"tree\r?\nversion=v\d", head):
        return _lightgbm(start)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _xml(start)
    if head.lstrip()[:1] in {b"{", b"["}:
        return _json(path)
    return None


def _lightgbm(start: bytes) -> FormatDescription:
    lines = dict(line.split("=", 1) for line in _printable(start).split("\n") if "=" in line)
    facts: dict[str, str | int] = {}
    for key, name in (("objective", "objective"), ("num_class", "classes")):
        if key in lines:
            facts[name] = lines[key][:100]
    if lines.get("max_feature_idx", "").isdecimal():
        facts["features"] = int(lines["max_feature_idx"][:9]) + 1
    if "tree_sizes" in lines and "\nTree=0" in start.decode("latin-1"):
        facts["trees"] = len(lines["tree_sizes"].split())
    facts["format version"] = lines["version"][:20].strip()  # that of LightGBM itself is not stated
    return FormatDescription("lightgbm", "a LightGBM model (text)", "LightGBM", facts=facts)


def _printable(start: bytes) -> str:
    text = start.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(letter for letter in text if letter == "\n" or letter.isprintable())


def _xml(start: bytes) -> FormatDescription:
    content = _printable(start)
    method = re.search(r'<MethodSetup\s+Method="([^"]{1,80})"', content)
    if method is None:
        return FormatDescription("text", "an XML or HTML file")
    release = re.search(r'<Info\s+name="TMVA Release"\s+value="([^"]{1,80})"', content)
    root = re.search(r'<Info\s+name="ROOT Release"\s+value="([^"]{1,80})"', content)
    variables = re.search(r'<Variables\s+NVar="(\d{1,6})"', content)
    facts: dict[str, str | int] = {"method": method[1]}
    if root:
        facts["ROOT release"] = root[1]
    if variables:
        facts["features"] = int(variables[1])
    return FormatDescription("tmva", "a TMVA model (XML)", "TMVA", release[1] if release else None, facts)


def _json(path: Path) -> FormatDescription | None:
    if path.stat().st_size > _MAX_JSON:
        note = f"It exceeds {_MAX_JSON >> 20} MiB; its JSON was not read."
        return FormatDescription("text", "a JSON file", note=note)
    content = path.read_bytes()
    try:
        if not msgspec.json.decode(content, type=msgspec.Raw):
            return None
    except RecursionError:
        return FormatDescription("text", "a JSON file", note="It is nested too deeply to be read.")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return _of_members(content)


def _of_members(content: bytes) -> FormatDescription:
    outer = members(content, "learner", "version", "class_name", "config", "keras_version", *_CONIFER)
    learner = members(outer.get("learner"), "gradient_booster", "learner_model_param", "objective")
    if "gradient_booster" in learner:
        return _xgboost(outer, learner)
    if outer.keys() >= set(_CONIFER):
        return _conifer(outer)
    found = layers(outer.get("config")) if "class_name" in outer else None
    return _architecture(outer, found) if found else FormatDescription("text", "a JSON file")


def _xgboost(outer: Members, learner: Members) -> FormatDescription:
    booster = members(learner["gradient_booster"], "name", "model")
    trees = members(
        members(booster.get("model"), "gbtree_model_param").get("gbtree_model_param"), "num_trees"
    )
    found = {
        "booster": text(booster, "name"),
        "objective": text(members(learner.get("objective"), "name"), "name"),
        "trees": text(trees, "num_trees"),
        "features": text(members(learner.get("learner_model_param"), "num_feature"), "num_feature"),
    }
    facts: dict[str, str | int] = {
        name: int(value) if value.isdecimal() and len(value) < 10 else value  # noqa: PLR2004
        for name, value in found.items()
        if value is not None
    }
    return FormatDescription("xgboost", "an XGBoost model (JSON)", "XGBoost", _version(outer), facts)


def _version(outer: Members) -> str | None:
    version = bytes(outer.get("version", b""))[:_MAX_VERSION].decode("ascii", "replace")
    return ".".join(re.findall(r"\d{1,5}", version)[:4]) or None


def _conifer(outer: Members) -> FormatDescription:
    facts: dict[str, str | int] = {}
    for key, name in (("n_trees", "trees"), ("n_features", "features"), ("max_depth", "depth")):
        number = bytes(outer[key])
        if number.isdigit() and len(number) < 10:  # noqa: PLR2004
            facts[name] = int(number)
    return FormatDescription("conifer", "a conifer model (JSON)", "conifer", facts=facts)


def _architecture(outer: Members, found: Counter[str]) -> FormatDescription:
    return FormatDescription(
        "text",
        "the description of a Keras model (JSON) without its weights",
        "Keras",
        text(outer, "keras_version"),
        {"class": text(outer, "class_name") or "", "layers": counted(found)},
        weights=False,
        next_step="Give the .h5 file of its weights, with this file beside it.",
    )
