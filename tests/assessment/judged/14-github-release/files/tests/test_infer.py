import numpy as np
import onnxruntime


def test_reference():
    got = onnxruntime.InferenceSession("jetwidth.onnx").run(None, {"jet": np.load("tests/inputs.npy")})[0]
    np.testing.assert_allclose(got, np.load("tests/outputs.npy"), atol=1e-5)
