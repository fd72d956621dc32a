"""The exchange in a program whose decimals have few digits: it says the same to the last digit."""

from __future__ import annotations

from decimal import localcontext

from tests.simulator.loopback import Frame, make_a_market, street

_ASKED = (
    "/v1/account/balances",
    "/v1/account/tradehistory",
    "/v1/orders/open",
    "/v1/orders/history",
    "/v1/public/BTCZAR/trades",
    "/v1/public/BTCZAR/buckets",
    "/v1/public/BTCZAR/markprice/buckets",
    "/v1/public/ETHZAR/buckets",
    "/v1/public/BTCZAR/marketsummary",
)


async def _told(digits: int) -> tuple[list[Frame], list[str]]:
    """Every frame of an account that trades, and what REST answers afterwards."""
    with localcontext(prec=digits):
        async with street(crowd=True, crowd_interval_s=60, crowd_past_minutes=3) as valr:
            valr.exchange.venue.cancel_all(valr.exchange._crowds[0].accounts[0])
            async with valr.trader().greeted() as account:
                await make_a_market(valr)
                await valr.trader("7").place(side="SELL", price="900000", quantity="0.01234567")
                frames = await account.before_pong()
            return frames, [(await valr.trader().get(target)).text for target in _ASKED]


async def test_a_program_with_decimals_of_few_digits_is_told_the_same() -> None:
    assert await _told(4) == await _told(28)
