"""Ctrl-C comes between two messages, and never in the middle of one."""

from __future__ import annotations

import os
import signal

import pytest

from reports.interrupts import uninterrupted

pytestmark = pytest.mark.usefixtures("interruptible")


def test_it_comes_when_all_is_done() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("the rest")
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_one_nothing_comes_and_an_error_is_passed_on() -> None:
    with uninterrupted():
        pass
    with pytest.raises(OSError, match="No"), uninterrupted():
        raise OSError("No.")
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_who_ignores_it_goes_on_to_ignore_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
