# SPDX-License-Identifier: MIT
"""The console command: imports the command line where an interrupt is heard, and imports nothing before.

An interrupt in these first moments finds nothing to keep and nothing to say: it ends the process with the
code that `fairreg.cli.app` gives to any other.
"""

import os

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line, and exit with its code."""
    try:
        _run()
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)


def _run() -> None:
    import signal

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        # Not an exception: a module that is half imported may take it for a fault of its own.
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    from fairreg.cli import app

    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    app.main()
