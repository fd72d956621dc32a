import asyncio

from valr_connector import OrderFilled, Side, ValrExchange


async def main() -> None:
    async with ValrExchange.simulated(pairs=["BTC-ZAR"]) as valr:
        bid = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.001", price="1400000")
        print("the bid is", bid.status)
        outcome = await valr.cancel_order(bid)
        print("the bid is", outcome.result)
        fills = valr.events(OrderFilled)
        await valr.place_market_order("BTC-ZAR", Side.BUY, quote_amount="1000")
        fill = (await anext(fills)).fill
        print("bought", fill.amount, "BTC at", fill.price, "ZAR")


asyncio.run(main())
