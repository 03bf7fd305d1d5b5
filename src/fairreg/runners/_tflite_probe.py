# SPDX-License-Identifier: MIT
"""A trial of the native interpreter in a process of its own: ``python -P -m fairreg.runners._tflite_probe``.

It reads a model from standard input, computes twice and says why that failed. A file that ends a process ends
this one, not the caller's.
"""

import sys

from fairreg.runners._probe_limits import limit_process

__all__ = ["main"]

_SECONDS = 60


def main() -> None:
    """Load the model of standard input, and compute for zeros and ones; write a fault to standard output."""
    content = sys.stdin.buffer.read()
    limit_process(len(content), _SECONDS)
    import numpy as np

    from fairreg.runners.tflite import interpreter

    try:
        found = interpreter(content, 1)
        found.allocate_tensors()
        for value in (0, 1):
            for item in found.get_input_details():
                found.set_tensor(item["index"], np.full(item["shape"], value, item["dtype"]))
            found.invoke()
    except (ValueError, RuntimeError, MemoryError, TypeError) as error:
        sys.stdout.write(str(error)[:1000] or type(error).__name__)


if __name__ == "__main__":
    main()
