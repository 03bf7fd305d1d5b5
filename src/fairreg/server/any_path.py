# SPDX-License-Identifier: MIT
"""The rest of a path as a parameter of a route, line breaks included, which an identifier may hold."""

from starlette.convertors import Convertor, register_url_convertor

__all__ = ["register"]


class _AnyPath(Convertor[str]):
    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        """Return the text of a path."""
        return value

    def to_string(self, value: str) -> str:
        """Inverse of `convert`."""
        return value


def register() -> None:
    """Make it known as `any`, as in ``/records/{path:any}``."""
    register_url_convertor("any", _AnyPath())
