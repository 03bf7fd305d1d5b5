# SPDX-License-Identifier: MIT
"""Reader of TMVA's weight files (XML), as a stream: no tree of elements, no recursion, no entities.

Source of the layout: root-project/root, tmva/tmva/src, MethodBase.cxx (WriteStateToXML), MethodBDT.cxx
(AddWeightsXMLTo, ReadWeightsFromXML), BinaryTree.cxx and Node.cxx (ReadXML), DecisionTreeNode.cxx
(ReadAttributes).
"""

from array import array
from collections.abc import Callable, Mapping
from math import nan
from pathlib import Path
from typing import Any, TypeVar
from xml.parsers import expat

import numpy as np

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.converters.tmva.forest import Forest, MethodSetup, Nodes
from fairreg.runners.converters.tmva.numbers import single, whole_number

__all__ = ["MAX_DEPTH", "read"]

_Number = TypeVar("_Number", int, float)

# TMVA's largest default is 50; engines that run the written model walk trees recursively.
MAX_DEPTH = 1000
_CHUNK = 1 << 16
_MAX_TAG = 1 << 20  # expat before 2.6 reads an unfinished tag again with each chunk
_MAX_TEXT = 1000  # of the value of an option
_MAX_VARIABLES = 1 << 15  # TMVA numbers them as Short_t
_SECTIONS = frozenset(
    {"GeneralInfo", "Options", "Variables", "Spectators", "Classes", "Targets", "Transformations", "Weights"}
)
_TREE_LEVEL = 2  # of the element BinaryTree: MethodSetup/Weights/BinaryTree


def read(path: Path) -> Forest:
    """Read a weight file. Raises ModelError, SecurityRefusal for declarations of entities."""
    reader = _Reader(path.name)
    try:
        with path.open("rb") as stream:
            _feed(reader, stream)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ModelError(
            f"{path.name} is not well-formed XML: {error}.",
            hint="Fetch it again, or write it again with TMVA.",
        ) from error
    return reader.forest()


def _feed(reader: "_Reader", stream: Any) -> None:
    parser = reader.parser
    fed, chunk = 0, stream.read(_CHUNK).lstrip()
    while chunk:
        parser.Parse(chunk)
        fed += len(chunk)
        if fed - max(parser.CurrentByteIndex, 0) > _MAX_TAG:
            raise reader.fault(f"has a tag of more than {_MAX_TAG >> 20} MiB")
        chunk = stream.read(_CHUNK)
    parser.Parse(b"", True)  # noqa: FBT003  expat takes no names


class _Reader:
    """State of the parser between its events."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._setup, self._nodes, self._boost = MethodSetup(), Nodes(), array("d")
        self._level, self._section = 0, ""
        self._seen: set[str] = set()
        self._option: str | None = None
        self._text: list[str] = []
        # Numbers of the open nodes in the columns; -1 for one below a leaf, which TMVA never reaches.
        self._open: list[int] = []
        self._in_tree = 0
        self.parser = self._parser()
        self._starts: Mapping[str, Callable[[str, dict[str, str]], None]] = {
            "GeneralInfo": self._info,
            "Options": self._start_option,
            "Variables": self._variable,
            "Spectators": self._spectator,
            "Classes": self._class,
            "Targets": self._target,
            "Transformations": self._transformation,
            "Weights": self._tree,
        }

    def _parser(self) -> Any:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EndDoctypeDeclHandler = self._end_doctype
        return parser

    def fault(self, text: str, hint: str | None = None) -> ModelError:
        """Make the error of which `text` is the predicate, with the line."""
        return ModelError(f"{self._name} {text} (line {self.parser.CurrentLineNumber}).", hint=hint)

    def forest(self) -> Forest:
        """Return what was read, after the end of the document."""
        return Forest(self._setup, self._nodes, self._boost)

    # Declarations

    def _entity(self, *_: object) -> int:
        raise SecurityRefusal(f"{self._name} declares XML entities, which TMVA never writes.")

    def _doctype(self, _name: str, system: str | None, public: str | None, _subset: int) -> None:
        if system or public:
            raise SecurityRefusal(f"{self._name} refers to an external document type (DTD).")

    def _end_doctype(self) -> None:
        raise self.fault("has a document type declaration, which TMVA never writes")

    # Elements

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        level, self._level = self._level, self._level + 1
        if level > MAX_DEPTH + _TREE_LEVEL:
            raise self.fault(f"nests its elements more than {MAX_DEPTH} deep")
        if level == 0:
            self._root(name, attributes)
        elif level == 1:
            self._start_section(name, attributes)
        elif level == _TREE_LEVEL:
            if self._section in self._starts:
                self._starts[self._section](name, attributes)
        elif self._section == "Weights":
            self._node(name, attributes)

    def _end(self, _name: str) -> None:
        self._level -= 1
        if self._section == "Weights" and self._level > _TREE_LEVEL:
            self._open.pop()
        elif self._option is not None and self._level == _TREE_LEVEL:
            self._setup.options[self._option] = "".join(self._text).strip()
            self._option = None
        elif self._section == "Weights" and self._level == _TREE_LEVEL and not self._in_tree:
            raise self.fault("has a tree without a node")

    def _characters(self, text: str) -> None:
        if self._option is not None:
            self._text.append(text)
            if sum(map(len, self._text)) > _MAX_TEXT:
                raise self.fault(f"has an option of more than {_MAX_TEXT} characters")

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        if name != "MethodSetup":
            raise self.fault(f"begins with the element {name[:60]!r} and not with MethodSetup")
        self._setup.method = attributes.get("Method", "")

    def _start_section(self, name: str, attributes: dict[str, str]) -> None:
        if name in _SECTIONS and name in self._seen:
            raise self.fault(f"has the element {name} twice")
        if name in _SECTIONS:
            self._seen.add(name)
        self._section = name
        setup = self._setup
        if name == "Variables":
            setup.variable_count = self._whole(attributes, "NVar")
        elif name == "Classes":
            setup.class_count = self._whole(attributes, "NClass")
        elif name == "Transformations":
            setup.transformation_count = self._whole(attributes, "NTransformations")
        elif name == "Weights":
            setup.weights = attributes

    def _info(self, _name: str, attributes: dict[str, str]) -> None:
        self._setup.info[attributes.get("name", "")] = attributes.get("value", "")

    def _start_option(self, _name: str, attributes: dict[str, str]) -> None:
        self._option, self._text = attributes.get("name", ""), []
        if self._option in self._setup.options:
            raise self.fault(f"states the option {self._option[:60]!r} twice")

    def _variable(self, _name: str, attributes: dict[str, str]) -> None:
        number = self._whole(attributes, "VarIndex")
        if number in self._setup.variables or not 0 <= number < _MAX_VARIABLES:
            raise self.fault(f"numbers a variable {number}, twice or outside 0 to {_MAX_VARIABLES - 1}")
        self._setup.variables[number] = self._attribute(attributes, "Expression")

    def _spectator(self, _name: str, _attributes: dict[str, str]) -> None:
        self._setup.spectators += 1

    def _class(self, _name: str, attributes: dict[str, str]) -> None:
        self._setup.classes.append(self._attribute(attributes, "Name"))

    def _target(self, _name: str, _attributes: dict[str, str]) -> None:
        self._setup.targets += 1

    def _transformation(self, name: str, attributes: dict[str, str]) -> None:
        self._setup.transformations.append(attributes.get("Name") or name)

    # Trees

    def _tree(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "DecisionTree")
        if name != "BinaryTree" or kind != "DecisionTree":
            raise self.fault(f"has weights of the kind {name[:60]!r} {kind[:60]!r}, not decision trees")
        self._boost.append(self._single(attributes, "boostWeight"))
        self._in_tree = 0

    def _node(self, name: str, attributes: dict[str, str]) -> None:
        if name != "Node":
            raise self.fault(f"has the element {name[:60]!r} inside a tree")
        parent = self._open[-1] if self._open else None
        if parent is not None and (parent < 0 or self._nodes.kind[parent]):
            self._open.append(-1)
            return
        if parent is None and self._in_tree:
            raise self.fault("has a tree with two roots")
        if parent is not None:
            self._attach(parent, self._attribute(attributes, "pos"))
        self._open.append(len(self._nodes))
        self._append(attributes)

    def _attach(self, parent: int, position: str) -> None:
        sides = {"l": self._nodes.left, "r": self._nodes.right}
        if position not in sides:
            raise self.fault(f"has a node at the position {position[:60]!r}, neither l nor r")
        if sides[position][parent] >= 0:
            raise self.fault(f"has a node with two children at the position {position}")
        sides[position][parent] = self._in_tree

    def _append(self, attributes: dict[str, str]) -> None:
        nodes, kind = self._nodes, self._whole(attributes, "nType")
        nodes.tree.append(len(self._boost) - 1)
        nodes.number.append(self._in_tree)
        nodes.kind.append(kind)
        nodes.left.append(-1)
        nodes.right.append(-1)
        self._in_tree += 1
        if kind:
            self._leaf(attributes)
        else:
            self._inner(attributes)

    def _leaf(self, attributes: dict[str, str]) -> None:
        nodes = self._nodes
        nodes.variable.append(0)
        nodes.cut.append(0)
        nodes.cut_type.append(1)
        nodes.response.append(self._single(attributes, "res") if "res" in attributes else nan)
        nodes.purity.append(self._purity(attributes))

    def _inner(self, attributes: dict[str, str]) -> None:
        nodes = self._nodes
        if "NCoef" in attributes and self._whole(attributes, "NCoef"):
            raise self.fault(
                "has Fisher cuts (NCoef > 0), which fairreg does not convert",
                hint="Train without the option UseFisherCuts.",
            )
        cut_type = self._whole(attributes, "cType")
        if cut_type not in {0, 1}:
            raise self.fault(f"has a node with the cType {cut_type}, neither 0 nor 1")
        nodes.variable.append(self._whole(attributes, "IVar"))
        nodes.cut.append(self._single(attributes, "Cut"))
        nodes.cut_type.append(cut_type)
        nodes.response.append(nan)
        nodes.purity.append(nan)

    def _purity(self, attributes: dict[str, str]) -> float:
        """S / (S + B), in float32 as TMVA divides; releases before 4.1 state the numbers of events."""
        if "purity" in attributes:
            return self._single(attributes, "purity")
        if not {"nS", "nB"} <= attributes.keys():
            return nan
        signal, background = (np.float32(self._single(attributes, name)) for name in ("nS", "nB"))
        with np.errstate(all="ignore"):
            return float(signal / (signal + background))

    # Attributes

    def _attribute(self, attributes: dict[str, str], name: str) -> str:
        if name not in attributes:
            raise self.fault(f"has an element without the attribute {name}")
        return attributes[name]

    def _whole(self, attributes: dict[str, str], name: str) -> int:
        return self._number(attributes, name, whole_number)

    def _single(self, attributes: dict[str, str], name: str) -> float:
        return self._number(attributes, name, single)

    def _number(self, attributes: dict[str, str], name: str, parse: Callable[[str], _Number]) -> _Number:
        text = self._attribute(attributes, name)
        try:
            return parse(text)
        except ValueError as error:
            raise self.fault(f"has the {name} {text[:60]!r}, which is not {error}") from error
