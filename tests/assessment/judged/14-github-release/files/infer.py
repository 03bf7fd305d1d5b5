import sys

import numpy as np
import onnxruntime

print(onnxruntime.InferenceSession("jetwidth.onnx").run(None, {"jet": np.load(sys.argv[1])})[0])
