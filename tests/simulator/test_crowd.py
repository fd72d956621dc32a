"""The market that the crowd makes: alive, bounded, solvent, repeatable."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.simulator.trading_floor import TradingFloor
from valr_connector.simulator.crowd import Crowd, CrowdBehaviour
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import (
    AccountTrade,
    BuyOrSell,
    Processed,
    PublicTrade,
    Rejection,
    VenueEvent,
)

D = Decimal

at_length = pytest.mark.untraced  # shorter tests beside it reach the same lines

REFERENCES = {
    "BTCZAR": D(1_200_000),
    "ETHZAR": D(61_000),
    "XRPZAR": D("41.3"),
    "USDCZAR": D("17.5"),
    "BTCUSDC": D(67_000),
    "SHIBUSDC": D("0.00001234"),
    "ETHBTC": D("0.0345"),
}


def crowd_on(
    floor: TradingFloor,
    symbol: str = "BTCZAR",
    *,
    seed: int = 1,
    behaviour: CrowdBehaviour | None = None,
) -> Crowd:
    return Crowd(
        floor.venue, rng=Random(seed), symbol=symbol, reference_price=REFERENCES[symbol], behaviour=behaviour
    )


def btc_of(floor: TradingFloor, *account_ids: str) -> Decimal:
    wallets = [floor.wallet(account_id, "BTC") for account_id in account_ids]
    return sum((wallet.available + wallet.reserved for wallet in wallets), D(0))


def best(floor: TradingFloor, side: BuyOrSell, symbol: str = "BTCZAR") -> Decimal:
    return floor.venue.levels(symbol, side, 1)[0][0]


@at_length
@pytest.mark.parametrize("symbol", sorted(REFERENCES))
def test_every_listed_pair_can_be_traded_by_a_crowd(symbol: str) -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, symbol)
    for _ in range(75):
        crowd.step()
        assert best(floor, "buy", symbol) < best(floor, "sell", symbol)
    assert len(floor.venue.public_trades(symbol)) > 25
    failures = [event for event in floor.events if isinstance(event, Processed) and not event.success]
    assert failures == []


def test_the_book_is_two_sided_from_the_start() -> None:
    floor = TradingFloor()
    crowd_on(floor)
    assert best(floor, "buy") < REFERENCES["BTCZAR"] < best(floor, "sell")


@at_length
def test_both_sides_are_hit() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor)
    for _ in range(200):
        crowd.step()
    sides = Counter(event.taker_side for event in floor.events if isinstance(event, PublicTrade))
    assert min(sides["buy"], sides["sell"]) > 50


@at_length
def test_the_number_of_open_orders_is_bounded() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, behaviour=CrowdBehaviour(makers=2, levels=4))
    for _ in range(100):
        crowd.step()
        assert sum(len(floor.venue.open_orders(account)) for account in crowd.accounts) <= 2 * 4 * 2


@at_length
def test_what_the_venue_remembers_of_a_crowd_is_bounded() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, behaviour=CrowdBehaviour(history_limit=10))
    for _ in range(100):
        crowd.step()
    for account in crowd.accounts:
        assert len(floor.venue.orders(account)) <= 10 + len(floor.venue.open_orders(account))
        assert len(floor.venue.trades(account)) <= 10
        assert len(floor.venue.transactions(account)) <= 10


@at_length
def test_the_reference_wanders_and_stays_in_its_band() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, behaviour=CrowdBehaviour(volatility_bp=200))
    seen = set()
    for _ in range(300):
        crowd.step()
        seen.add(crowd.reference)
        assert abs(crowd.reference / REFERENCES["BTCZAR"] - 1) <= D("0.05")
    assert len(seen) > 100


@at_length
def test_the_quotes_follow_the_reference() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, behaviour=CrowdBehaviour(volatility_bp=20))
    for _ in range(200):
        crowd.step()
        middle = (best(floor, "buy") + best(floor, "sell")) / 2
        assert abs(middle / crowd.reference - 1) < D("0.01")


def test_a_quote_inside_the_crowds_spread_is_filled_on_both_sides() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor)
    for _ in range(50):
        floor.venue.cancel_all("bob")
        for side, price in (("buy", best(floor, "buy") + 1), ("sell", best(floor, "sell") - 1)):
            floor.limit("bob", "buy" if side == "buy" else "sell", "0.001", str(price), post_only=True)
        crowd.step()
    sides = Counter(trade.side for trade in floor.venue.trades("bob"))
    assert min(sides["buy"], sides["sell"]) >= 10


@at_length
@pytest.mark.parametrize(("side", "price"), [("buy", "1300000"), ("sell", "1100000")])
def test_a_quote_on_the_wrong_side_of_the_reference_is_eaten(side: BuyOrSell, price: str) -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor)
    order = floor.limit("ann", side, "0.05", price)
    assert order.is_open
    for _ in range(100):
        crowd.step()
    assert order.state == "Filled"


def test_an_absurd_bid_does_not_stop_the_crowd() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor)
    floor.venue.cancel_all(crowd.accounts[0])
    floor.venue.credit("ann", "ZAR", D(10) ** 12)
    order = floor.limit("ann", "buy", "0.001", "4000000000")
    crowd.step()
    assert order.state == "Filled"


def test_a_crowd_of_takers_alone_waits_for_somebody_to_quote() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, behaviour=CrowdBehaviour(levels=0))
    for _ in range(20):
        crowd.step()
    assert floor.venue.public_trades("BTCZAR") == []
    order = floor.limit("ann", "sell", "0.001", "1201000")
    for _ in range(20):
        crowd.step()
    assert order.state == "Filled"


def test_a_ladder_never_reaches_a_price_of_nothing() -> None:
    floor = TradingFloor()
    crowd_on(floor, behaviour=CrowdBehaviour(half_spread_bp=5_000, level_gap_bp=3_000))
    assert all(price > 0 for price, _, _ in floor.venue.levels("BTCZAR", "buy", 100))


@at_length
def test_the_crowd_sells_more_than_it_ever_had_and_never_runs_dry() -> None:
    floor = TradingFloor()
    crowd = crowd_on(floor, behaviour=CrowdBehaviour(makers=1))
    had, ann_had = btc_of(floor, *crowd.accounts), btc_of(floor, "ann")
    for _ in range(400):
        crowd.step()
        floor.market("ann", "buy", base="0.002")
    assert btc_of(floor, "ann") - ann_had > had
    assert all(event.success for event in floor.events if isinstance(event, Processed))


def test_the_same_seed_gives_the_same_market() -> None:
    stories: list[list[VenueEvent]] = []
    for _ in range(2):
        floor = TradingFloor(seed=3)
        crowd = crowd_on(floor, seed=5)
        for _ in range(30):
            crowd.step()
        stories.append(floor.events)
    assert stories[0] == stories[1]


def test_another_seed_gives_another_market() -> None:
    prices = []
    for seed in (1, 2):
        floor = TradingFloor()
        crowd = crowd_on(floor, seed=seed)
        for _ in range(30):
            crowd.step()
        prices.append([e.price for e in floor.events if isinstance(e, AccountTrade)])
    assert prices[0] != prices[1]


def test_a_lot_respects_the_pairs_maximums() -> None:
    pair = replace(DEFAULT_PAIRS[0], max_base=D("0.0001"))
    floor = TradingFloor()
    venue = Venue([pair], clock=floor.tick, rng=Random(1))
    crowd = Crowd(venue, rng=Random(1), symbol="BTCZAR", reference_price=D(1_200_000))
    for _ in range(50):
        crowd.step()
    assert venue.public_trades("BTCZAR")


@pytest.mark.parametrize(
    ("changes", "goes_on"),
    [
        ({"tick_size": D(50)}, True),
        ({"active": False}, False),
        ({"order_types": ("MARKET",)}, False),
        ({"min_base": D(1)}, False),
    ],
)
def test_a_crowd_follows_the_rules_of_its_pair_or_waits_until_they_fit(
    changes: dict[str, Any], goes_on: bool
) -> None:
    floor = TradingFloor()
    crowd, before = crowd_on(floor), floor.venue.pairs["BTCZAR"]
    for rules, trades in ((replace(before, **changes), goes_on), (before, True)):
        floor.venue.change_pair(rules)
        seen = len(floor.venue.public_trades("BTCZAR"))
        for _ in range(30):
            crowd.step()
        assert (len(floor.venue.public_trades("BTCZAR")) > seen) is trades


@pytest.mark.parametrize("price", ["0", "-1", "NaN"])
def test_a_reference_price_is_positive(price: str) -> None:
    with pytest.raises(ValueError, match="reference_price"):
        Crowd(TradingFloor().venue, rng=Random(1), symbol="BTCZAR", reference_price=D(price))


def test_a_crowd_needs_a_listed_pair() -> None:
    with pytest.raises(KeyError):
        Crowd(TradingFloor().venue, rng=Random(1), symbol="NOPEZAR", reference_price=D(1))


def test_a_crowd_needs_an_active_pair() -> None:
    with pytest.raises(Rejection):
        Crowd(TradingFloor().venue, rng=Random(1), symbol="SOLZAR", reference_price=D(3000))
