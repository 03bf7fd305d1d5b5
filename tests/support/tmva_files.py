# SPDX-License-Identifier: MIT
"""TMVA weight files with random trees, and a plain reading of such files: the judge of the converter."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np


def leaf(kind: int = 1, **attributes: Any) -> str:
    """A leaf at the position {pos}, to be filled in by `split` or `tree`."""
    stated = {"IVar": -1, "Cut": 0, "cType": 1, "res": 0.0, "rms": 0, "purity": 0.5, **attributes}
    return f'<Node pos="{{pos}}" depth="0" NCoef="0" {_written(stated)} nType="{kind}"/>'


def split(variable: int, cut: float | str, left: str, right: str, **attributes: Any) -> str:
    """A node that cuts; the right child is that of value >= cut unless cType is 0."""
    stated = {"IVar": variable, "Cut": cut, "cType": 1, "res": -99, "purity": 0.5, "nType": 0, **attributes}
    children = left.replace("{pos}", "l", 1) + right.replace("{pos}", "r", 1)
    return f'<Node pos="{{pos}}" depth="0" NCoef="0" {_written(stated)}>{children}</Node>'


def tree(root: str, boost: float | str = 1.0) -> str:
    return (
        f'<BinaryTree type="DecisionTree" boostWeight="{boost}">{root.replace("{pos}", "s", 1)}</BinaryTree>'
    )


def document(
    trees: Iterable[str],
    *,
    variables: Iterable[str] = ("pt", "eta"),
    analysis: str = "Classification",
    options: dict[str, str] | None = None,
    classes: Iterable[str] = ("Signal", "Background"),
    targets: int = 0,
    **other: str,
) -> str:
    """A weight file; `other` replaces whole sections or attributes, see the names in the text below."""
    trees, variables, classes = list(trees), list(variables), list(classes)
    options = {"BoostType": "AdaBoost", "UseYesNoLeaf": "True", **(options or {})}
    kind = "1" if options["BoostType"] == "Grad" or analysis == "Regression" else "0"
    parts = {
        "before": '<?xml version="1.0"?>',
        "method": "BDT::BDT",
        "NVar": str(len(variables)),
        "NTrees": str(len(trees)),
        "type": f'AnalysisType="{kind}"',
        "transformations": '<Transformations NTransformations="0"/>',
        "spectators": '<Spectators NSpec="0"/>',
        "weights": "",
        **other,
    }
    listed = "".join(
        f'<Variable VarIndex="{number}" Expression={quoteattr(item)} Label="x" Title="x" Unit="" '
        f'Internal="x" Type="F" Min="0" Max="1"/>'
        for number, item in enumerate(variables)
    )
    named = "".join(f'<Class Name="{item}" Index="{number}"/>' for number, item in enumerate(classes))
    target = '<Target TargetIndex="0" Expression="y" Label="y" Title="y" Unit="" Internal="y" Type="F"/>'
    chosen = "".join(
        f'<Option name="{key}" modified="Yes">{value}</Option>' for key, value in options.items()
    )
    return f"""{parts["before"]}
<MethodSetup Method="{parts["method"]}">
  <GeneralInfo>
    <Info name="TMVA Release" value="4.2.1 [262657]"/>
    <Info name="AnalysisType" value="{analysis}"/>
  </GeneralInfo>
  <Options>{chosen}</Options>
  <Variables NVar="{parts["NVar"]}">{listed}</Variables>
  {parts["spectators"]}
  <Classes NClass="{len(classes)}">{named}</Classes>
  <Targets NTrgt="{targets}">{target * targets}</Targets>
  {parts["transformations"]}
  <MVAPdfs/>
  <Weights NTrees="{parts["NTrees"]}" {parts["type"]} {parts["weights"]}>{"".join(trees)}</Weights>
</MethodSetup>
"""


def random_trees(random: Any, count: int, width: int, depth: int = 3) -> list[str]:
    """Trees as TMVA writes them: float32 numbers with 17 digits, both cut types, leaves at any depth."""
    return [tree(_random_node(random, width, depth), _digits(random.uniform(0.1, 2))) for _ in range(count)]


def _random_node(random: Any, width: int, depth: int) -> str:
    if depth == 0 or random.random() < 0.2:
        purity = random.uniform()
        return leaf(
            1 if purity > 0.5 else -1, res=_digits(random.normal() * 0.3), purity=_digits(purity), nS=1, nB=1
        )
    children = [_random_node(random, width, depth - 1) for _ in range(2)]
    variable, cut = int(random.integers(width)), _digits(random.normal())
    return split(variable, cut, *children, cType=int(random.integers(2)))


def _digits(value: float) -> str:
    return f"{np.float32(value):.16e}"


def _written(attributes: dict[str, Any]) -> str:
    return " ".join(f'{key}="{value}"' for key, value in attributes.items())


def expected(path: Path, rows: Any) -> Any:
    """Evaluate a weight file event by event in Python's float64, straight from its elements."""
    root = ET.parse(path).getroot()
    info = {item.get("name"): item.get("value") for item in root.find("GeneralInfo")}
    options = {item.get("name"): item.text for item in root.find("Options")}
    trees = [(float(np.float32(item.get("boostWeight"))), item[0]) for item in root.find("Weights")]
    classes = len(root.find("Classes"))
    found = [_event(info["AnalysisType"], options, trees, classes, row) for row in rows.astype(np.float32)]
    return np.array(found)


def _event(analysis: str, options: Any, trees: Any, classes: int, row: Any) -> list[float]:
    grad = options["BoostType"] == "Grad"
    if grad or analysis == "Regression":
        attribute = "res"
    else:
        attribute = "nType" if options["UseYesNoLeaf"] == "True" else "purity"
    values = [float(np.float32(_reached(node, row).get(attribute))) for _, node in trees]
    if analysis == "Multiclass":
        sums = [math.fsum(values[number::classes]) for number in range(classes)]
        return [
            1 / (1 + math.fsum(math.exp(other - own) for j, other in enumerate(sums) if j != k))
            for k, own in enumerate(sums)
        ]
    if grad and analysis == "Regression":
        return [math.fsum(values) + trees[0][0]]
    if grad:
        return [2 / (1 + math.exp(-2 * math.fsum(values))) - 1]
    norm = math.fsum(weight for weight, _ in trees)
    return [math.fsum(weight * value for (weight, _), value in zip(trees, values, strict=True)) / norm]


def _reached(node: Any, row: Any) -> Any:
    while node.get("nType") == "0":
        passes = bool(row[int(node.get("IVar"))] >= np.float32(node.get("Cut")))
        side = "r" if passes == (node.get("cType") == "1") else "l"
        node = next(child for child in node if child.get("pos") == side)
    return node
