# SPDX-License-Identifier: MIT
"""What every plugin room promises."""

import subprocess
import sys


def test_getting_one_plugin_imports_no_other():
    code = (
        "import sys\nfrom fairreg import runners\n"
        "assert runners.get('onnx').__name__ == 'fairreg.runners.onnx'\n"
        "assert 'fairreg.runners.torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
