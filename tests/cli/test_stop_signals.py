"""Ctrl-C, SIGTERM and the end of the terminal ask a command to stop, and are handed back afterwards."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from valr_connector.cli.stop_signals import (
    ended_by_signals,
    interrupted_by_signals,
    stop_on_signals,
    stopped_within,
)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_every_signal_interrupts_as_ctrl_c_does_until_there_is_nothing_to_interrupt(
    number: signal.Signals,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt), interrupted_by_signals():
        signal.raise_signal(number)
    assert handlers() == [signal.SIG_DFL, signal.SIG_DFL, signal.SIG_DFL]


async def test_what_is_to_outlive_its_terminal_does() -> None:
    """As `nohup` asks for."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with interrupted_by_signals():
        signal.raise_signal(signal.SIGHUP)
        with stop_on_signals() as stop, ended_by_signals():
            signal.raise_signal(signal.SIGHUP)
            assert not await stopped_within(stop, 0)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_what_has_nothing_to_put_back_is_ended_by_the_system() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with ended_by_signals():
        assert handlers() == [signal.SIG_DFL, signal.SIG_DFL, signal.SIG_DFL]
    assert handlers() == [signal.default_int_handler, signal.SIG_IGN, signal.SIG_DFL]


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_sets_the_event(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert await stopped_within(stop, 5)


async def test_the_handlers_are_handed_back() -> None:
    """A loop's own way would leave a second Ctrl-C to interrupt a task in the middle of whatever it does."""
    before = [signal.SIG_IGN, signal.SIG_IGN, signal.SIG_DFL]
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)
    with stop_on_signals():
        during = handlers()
    assert not {signal.SIG_IGN, signal.SIG_DFL}.intersection(during)
    assert handlers() == before


async def test_a_loop_without_signal_handlers_gives_an_event_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def add_signal_handler(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", add_signal_handler)

    with stop_on_signals() as stop:
        assert not await stopped_within(stop, 0)


async def test_waiting_without_a_limit_lasts_until_the_event() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_soon(stop.set)

    assert await stopped_within(stop, None)
