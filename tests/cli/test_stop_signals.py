"""Ctrl-C and SIGTERM ask a command to stop, and are handed back afterwards."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from valr_connector.cli.stop_signals import stop_on_signals, stopped_within


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_sets_the_event(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert await stopped_within(stop, 5)


async def test_the_handlers_are_handed_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with stop_on_signals():
        during = signal.getsignal(signal.SIGTERM)

    assert during != before
    assert signal.getsignal(signal.SIGTERM) == before


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
