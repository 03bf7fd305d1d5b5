import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("qgtagger.onnx")
p_quark = session.run(["p_quark"], {"features": np.load(sys.argv[1])})[0]
np.save("p_quark.npy", p_quark)
print(p_quark)
