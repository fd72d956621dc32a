"""Rates for Hummingbot's oracle: the mid price of every pair at VALR."""

from __future__ import annotations

from decimal import Decimal

from hummingbot.core.rate_oracle.sources.rate_source_base import RateSourceBase
from hummingbot.core.utils import async_ttl_cache

from valr_connector.config import Settings
from valr_connector.errors import ValrError
from valr_connector.integrations.hummingbot.hosts import hosts_from_environment
from valr_connector.net.market_data import MarketData


class ValrRateSource(RateSourceBase):
    """Asks VALR for all pairs at once, at most twice a minute."""

    @property
    def name(self) -> str:
        """As it is chosen by."""
        return "valr"

    @async_ttl_cache(ttl=30, maxsize=1)
    async def get_prices(self, quote_token: str | None = None) -> dict[str, Decimal]:
        """Mid prices by pair; those that have both sides, in `quote_token` alone where it is given."""
        market = MarketData(settings=Settings(hosts=hosts_from_environment()))
        try:
            summaries = await market.public.summaries()
        except ValrError as error:
            self.logger().warning(f"VALR's prices could not be read: {error}")
            return {}
        finally:
            await market.close()
        return {
            summary.pair: (summary.bid + summary.ask) / 2
            for summary in summaries
            if summary.bid
            and summary.ask
            and (quote_token is None or summary.pair.endswith(f"-{quote_token}"))
        }
