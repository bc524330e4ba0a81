"""Ctrl-C while a task runs, kept until the task's next step."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType


class Interrupts:
    """Keeps Ctrl-C where Python drops it: within a destructor, or a weak reference's callback.

    There a KeyboardInterrupt ends nothing: Python writes it out as an exception that it ignored, and goes on.
    """

    def __init__(self) -> None:
        """Take over Ctrl-C, unless whoever started the command chose otherwise (as nohup does)."""
        self._pressed = False
        self._unraisable = sys.unraisablehook
        self._taken = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._taken:
            signal.signal(signal.SIGINT, self._keep)
            sys.unraisablehook = self._ignored

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed and did not end the task."""
        if self._pressed:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Give Ctrl-C back."""
        if self._taken:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = self._unraisable

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self._pressed = True
        signal.default_int_handler(number, frame)

    def _ignored(self, unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            self._unraisable(unraisable)
