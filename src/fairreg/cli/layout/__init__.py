# SPDX-License-Identifier: MIT
"""Layout of text in lines of the terminal's width: words stay whole, and no line ends in blanks."""
