import numpy as np
import onnxruntime


def test_reference_values():
    session = onnxruntime.InferenceSession("qgtagger.onnx")
    got = session.run(None, {"features": np.load("inputs.npy")})[0]
    np.testing.assert_allclose(got, np.load("outputs.npy"), atol=1e-5)
