# SPDX-License-Identifier: MIT
"""``python -m fairreg``: the command, where its script is not on the path."""

if __name__ == "__main__":  # a spawned process imports this module under another name
    from fairreg.cli.start import main

    main()
