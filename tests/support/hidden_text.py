# SPDX-License-Identifier: MIT
"""Characters that nobody sees, and texts that are spelled in them for programs to read."""

__all__ = ["BLANK", "IGNORABLE", "in_selectors", "in_tags"]

# Default_Ignorable_Code_Point of Unicode 16, DerivedCoreProperties.txt.
_RANGES = (
    "AD 34F 61C 115F-1160 17B4-17B5 180B-180D 180E 180F 200B-200F 202A-202E 2060-2064 2065 2066-206F 3164 "
    "FE00-FE0F FEFF FFA0 FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)


def _numbers(ranges: str) -> list[int]:
    ends = [[int(end, 16) for end in part.split("-")] for part in ranges.split()]
    return [number for first, *last in ends for number in range(first, (last or [first])[0] + 1)]


IGNORABLE = "".join(map(chr, _numbers(_RANGES)))
BLANK = "\u2800\u3164\u115f\u1160\uffa0\u17b4\u17b5"  # letters and symbols that look like a blank


def in_tags(text: str) -> str:
    """Spell a text in the tag characters of Unicode."""
    return "".join(chr(0xE0000 + ord(letter)) for letter in text)


def in_selectors(text: str) -> str:
    """Spell a text in variation selectors, one for each byte."""
    return "".join(chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in text.encode())
