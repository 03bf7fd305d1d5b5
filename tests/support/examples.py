# SPDX-License-Identifier: MIT
"""How many examples the property tests take: enough to notice a break in a short run, many in a long one."""

from hypothesis import settings

__all__ = ["examples", "load_profile"]

_USUAL = 100
_SHORT, _LONG = "short", "long"
# No deadline: an example may take as long as a busy machine makes it.
settings.register_profile(_SHORT, max_examples=30, deadline=None)
settings.register_profile(_LONG, max_examples=3 * _USUAL, deadline=None)


def load_profile(*, long: bool) -> None:
    """Choose between a short run and a long one, before the tests are imported."""
    settings.load_profile(_LONG if long else _SHORT)


def examples(usual: int) -> int:
    """Scale a number of examples: three times as many in a long run, three tenths in a short one."""
    return max(5, usual * settings().max_examples // _USUAL)
