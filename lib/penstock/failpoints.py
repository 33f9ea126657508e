"""Named points at which a process can be made to die, to prove that nothing depends on luck.

``PENSTOCK_FAILPOINT=publish.before_commit`` kills the process with SIGKILL when it gets there:
no handler, no clean-up. Unset, a point costs one look at a module constant.
"""

from __future__ import annotations

import os
import signal
from typing import Final, Literal, get_args

Point = Literal[
    "plan.before",
    "plan.after",
    "stage.before",
    "stage.after",
    "copy.before",
    "copy.after",
    "publish.locked",
    "publish.written",
    "publish.before_commit",
    "publish.after_commit",
    "ledger.after",
]
POINTS: Final[tuple[Point, ...]] = get_args(Point)
ENVIRONMENT: Final = "PENSTOCK_FAILPOINT"

_ARMED: Final = os.environ.get(ENVIRONMENT, "")


def reach(point: Point) -> None:
    """Die here if this point is armed."""
    if point == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
