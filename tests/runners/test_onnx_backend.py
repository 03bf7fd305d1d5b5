# SPDX-License-Identifier: MIT
"""The test models of ONNX itself give the same in the ONNX runner as in onnxruntime, called directly.

Where the Python interface of onnxruntime cannot give an output (types that numpy lacks), the outputs that the
package onnx computed are the measure.
"""

from itertools import islice

import numpy as np
import pytest

from fairreg.errors import FairregError
from fairreg.runners import onnx as onnx_runner
from support.backend_models import backend_cases, held_cases

ORDINARY = 24  # in a short run, one of so many models that take and give only numbers of numpy's types
NARROW = ("bfloat16", "float8", "int4", "int2")  # as parts of the names that onnxruntime gives to types


def session(content):
    """A session of onnxruntime, None for a model that it does not load."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001  its errors have no common class
        return None


def is_narrow(arguments):
    return any(word in item.type for item in arguments for word in NARROW)


def measure(direct, case):
    """The outputs to compare with; None for a model that onnxruntime loads and then fails to run."""
    if is_narrow((*direct.get_inputs(), *direct.get_outputs())):
        return case.expected
    try:
        values = direct.run(None, case.inputs)
    except Exception:  # noqa: BLE001  its errors have no common class
        return None
    return dict(zip((item.name for item in direct.get_outputs()), values, strict=True))


def plain(value):
    """The value in the types of the runner: float32 and 8-bit integers for the types that numpy lacks."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    name = value.dtype.name
    if name.startswith(("bfloat16", "float8")):
        return value.astype(np.float32)
    if name.endswith(("int2", "int4")):
        return value.astype(np.uint8 if name.startswith("u") else np.int8)
    return value.astype(str) if value.dtype.kind == "O" else value


def agrees(name, found, wanted):
    """Compare an output, which may be missing, stacked or numbered, with that of onnxruntime."""
    if wanted is None:
        return name not in found
    if isinstance(wanted, list) and name not in found:
        parts = [found.get(f"{name}_{number}") for number in range(len(wanted))]
        return f"{name}_{len(wanted)}" not in found and all(map(equal, parts, plain(wanted)))
    if isinstance(wanted, list):
        return len(found[name]) == len(wanted) and all(map(equal, found[name], plain(wanted)))
    return equal(found[name], plain(wanted))


def equal(found, wanted):
    if found is None or found.shape != wanted.shape or found.dtype.kind != wanted.dtype.kind:
        return False
    if found.dtype.kind == "U":
        return found.tolist() == wanted.tolist()
    return found.dtype == wanted.dtype and np.allclose(found, wanted, rtol=1e-5, atol=1e-6, equal_nan=True)


def check(cases):
    """Run the models that onnxruntime runs; return their number, and a sentence per model that is wrong."""
    ran, wrong = 0, []
    for case in cases:
        direct = session(case.content)
        wanted = measure(direct, case) if direct else None
        if wanted is None:
            continue
        ran += 1
        try:
            found = onnx_runner.load(case.content).run(case.inputs)
        except FairregError as error:
            wrong.append(f"{case.name} is refused: {error.message}")
            continue
        wrong += [f"{case.name} differs" for name, value in wanted.items() if not agrees(name, found, value)]
    return ran, wrong


def is_ordinary(case):
    values = (*case.inputs.values(), *case.expected.values())
    return all(isinstance(item, np.ndarray) and item.dtype.isbuiltin == 1 for item in values)


def test_every_kind_of_value_comes_out_as_from_onnxruntime():
    cases = backend_cases()
    unusual = [case for case in cases if not is_ordinary(case) or "O" in kinds(case)]
    ordinary = [case for case in cases if is_ordinary(case)]
    ran, wrong = check([*unusual, *islice(ordinary, 0, None, ORDINARY)])
    assert wrong == []
    assert ran > 200


def kinds(case):
    return {item.dtype.kind for item in case.inputs.values() if isinstance(item, np.ndarray)}


@pytest.mark.long
def test_every_generated_model_gives_the_same_as_onnxruntime():
    ran, wrong = check(backend_cases())
    assert wrong == []
    assert ran > 1000


def test_the_models_in_the_package_onnx_give_the_same_as_onnxruntime():
    ran, wrong = check(held_cases())
    assert wrong == []
    assert ran > 50
