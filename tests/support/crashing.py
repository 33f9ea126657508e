"""Ports that die: before or after any call, as a killed process would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Crash(BaseException):
    """The driver is gone. Not an Exception: nothing may handle it."""


@dataclass
class Fuse:
    """Burns down with each call on a crashing port; at zero the process dies.

    Even numbers die before the call takes effect, odd ones after it.
    """

    left: int

    def before(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    after = before


class Crashing:
    """Wraps a port so that each call burns the fuse twice."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._port, name)
        if not callable(attribute):
            return attribute
        return self._call(attribute)

    def _call(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._fuse.before()
            result = method(*args, **kwargs)
            self._fuse.after()
            return result

        return call
