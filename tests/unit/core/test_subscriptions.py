"""What is wanted becomes the full list of each event whose list changes, and no other event is named."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from valr_connector.core.subscriptions import MarketSubscriptions, checked_market_feed, checked_pairs
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import MarketFeed
from valr_connector.model.ids import Symbol
from valr_connector.protocol.commands import MarketEvent
from valr_connector.protocol.control_frames import ErrorFrame

TRADES, SUMMARIES = MarketEvent.NEW_TRADE, MarketEvent.MARKET_SUMMARY_UPDATE
BTC, ETH, XRP = Symbol("BTCZAR"), Symbol("ETHZAR"), Symbol("XRPZAR")


def lists(command: bytes | None) -> dict[str, list[str]] | None:
    """Event -> pairs of a command."""
    if command is None:
        return None
    frame: dict[str, Any] = orjson.loads(command)
    assert frame["type"] == "SUBSCRIBE"
    return {each["event"]: each["pairs"] for each in frame["subscriptions"]}


def wanting(**pairs_of: list[Symbol]) -> MarketSubscriptions:
    """Subscriptions that VALR has been told."""
    subscriptions = MarketSubscriptions()
    for event, pairs in pairs_of.items():
        subscriptions.add(MarketEvent(event), pairs)
    subscriptions.take_command()
    return subscriptions


def error(message: str) -> ErrorFrame:
    return ErrorFrame(message=message)


def test_a_pair_that_is_added_is_told_with_the_whole_list_of_its_event_alone() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC], MARKET_SUMMARY_UPDATE=[BTC])
    subscriptions.add(TRADES, [ETH, BTC])
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["BTCZAR", "ETHZAR"]}
    assert subscriptions.wanted(TRADES) == (BTC, ETH)


def test_a_pair_that_is_removed_is_left_out_of_the_list() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC, ETH])
    subscriptions.remove(TRADES, [BTC, XRP])
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["ETHZAR"]}


def test_the_last_pair_removed_sends_an_empty_list_and_never_none_at_all() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC])
    subscriptions.remove(TRADES, [BTC])
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": []}


def test_where_nothing_changes_nothing_is_sent() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC])
    subscriptions.add(TRADES, [BTC])
    subscriptions.remove(SUMMARIES, [BTC])
    subscriptions.remove(TRADES, [ETH])
    assert subscriptions.take_command() is None
    assert MarketSubscriptions().take_command() is None


def test_what_was_added_and_removed_before_it_was_told_is_never_told() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC])
    subscriptions.add(SUMMARIES, [BTC])
    subscriptions.remove(SUMMARIES, [BTC])
    assert subscriptions.take_command() is None


def test_a_new_connection_is_told_everything() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC], MARKET_SUMMARY_UPDATE=[ETH])
    subscriptions.connected()
    assert lists(subscriptions.take_command()) == {
        "NEW_TRADE": ["BTCZAR"],
        "MARKET_SUMMARY_UPDATE": ["ETHZAR"],
    }


def test_an_event_that_is_wanted_of_no_pair_is_not_named_to_a_new_connection() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC], MARKET_SUMMARY_UPDATE=[ETH])
    subscriptions.remove(SUMMARIES, [ETH])
    subscriptions.connected()
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["BTCZAR"]}


def test_a_pair_that_is_held_back_is_left_out_and_then_named_again() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC, ETH])
    subscriptions.hold_back(TRADES, BTC)
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["ETHZAR"]}
    assert subscriptions.wanted(TRADES) == (BTC, ETH)
    subscriptions.release(TRADES, BTC)
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["BTCZAR", "ETHZAR"]}
    subscriptions.release(TRADES, BTC)
    assert subscriptions.take_command() is None


def test_a_new_connection_holds_nothing_back() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC])
    subscriptions.hold_back(TRADES, BTC)
    subscriptions.connected()
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["BTCZAR"]}


def test_a_pair_that_valr_refuses_is_wanted_no_more_and_the_others_are_left_alone() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC, ETH])
    refused = subscriptions.refused(error("Channel NEW_TRADE, pair BTCZAR combination invalid"))
    assert refused == (TRADES, BTC)
    assert subscriptions.wanted(TRADES) == (ETH,)
    assert subscriptions.take_command() is None  # VALR's list lacks the pair already


def test_a_refused_pair_can_be_wanted_again() -> None:
    subscriptions = wanting(NEW_TRADE=[BTC, ETH])
    subscriptions.refused(error("Channel NEW_TRADE, pair BTCZAR combination invalid"))
    subscriptions.add(TRADES, [BTC])
    assert lists(subscriptions.take_command()) == {"NEW_TRADE": ["ETHZAR", "BTCZAR"]}


@pytest.mark.parametrize(
    "message",
    [
        "Channel NEW_TRADE, pair XRPZAR combination invalid",
        "Channel MARKET_SUMMARY_UPDATE, pair BTCZAR combination invalid",
        "Channel GOSSIP, pair BTCZAR combination invalid",
        "Invalid message - Invalid JSON",
        "",
    ],
)
def test_an_error_about_anything_else_changes_nothing(message: str) -> None:
    subscriptions = wanting(NEW_TRADE=[BTC])
    assert subscriptions.refused(error(message)) is None
    assert subscriptions.wanted(TRADES) == (BTC,)


@pytest.mark.parametrize("feed", [MarketFeed.TRADES, "NEW_TRADE"])
def test_a_feed_may_be_named_in_either_way(feed: object) -> None:
    assert checked_market_feed(feed) is MarketFeed.TRADES


@pytest.mark.parametrize("feed", ["GOSSIP", "", None, 7, "OB_L1_DIFF"])
def test_what_is_no_feed_is_refused(feed: object) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        checked_market_feed(feed)
    assert caught.value.field == "feed"


def test_pairs_are_taken_once_each_from_any_list() -> None:
    assert checked_pairs(["BTC-ZAR", "ETH-ZAR", "BTC-ZAR"]) == ("BTC-ZAR", "ETH-ZAR")
    assert checked_pairs(name for name in ("BTC-ZAR",)) == ("BTC-ZAR",)
    assert checked_pairs(()) == ()


@pytest.mark.parametrize("pairs", ["BTC-ZAR", None, 7, ["BTC-ZAR", 7]])
def test_what_is_no_list_of_pairs_is_refused(pairs: object) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        checked_pairs(pairs)
    assert caught.value.field == "pairs"


actions = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "hold_back", "release", "connected", "send"]),
        st.sampled_from([TRADES, SUMMARIES]),
        st.sampled_from([BTC, ETH, XRP]),
    ),
    max_size=30,
)


@given(actions)
def test_valrs_lists_are_the_wanted_ones_after_every_command(
    story: list[tuple[str, MarketEvent, Symbol]],
) -> None:
    subscriptions, at_valr = MarketSubscriptions(), dict[str, list[str]]()
    for action, event, symbol in story:
        if action == "connected":
            subscriptions.connected()
            at_valr.clear()
        elif action in ("add", "remove"):
            getattr(subscriptions, action)(event, [symbol])
        elif action != "send":
            getattr(subscriptions, action)(event, symbol)
        at_valr |= lists(subscriptions.take_command()) or {}
        for each in (TRADES, SUMMARIES):
            held = {pair for kind, pair in subscriptions._held_back if kind is each}
            wanted = [pair for pair in subscriptions.wanted(each) if pair not in held]
            assert at_valr.get(each, []) == wanted
