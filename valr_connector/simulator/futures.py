"""Perpetuals as everybody sees them: funding, open interest, tiers (protocol 7.12). Nobody trades them here.

The rates are invented, one for each hour, and the same for every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from valr_connector.simulator.vocabulary import PairSpec
from valr_connector.simulator.wire import JsonObject, decimal_text, whole_second_text

FUTURE = "FUTURE"
FUNDING_PERIOD_S = 3600
PNL_PERIOD_S = 8 * 3600
_DEFAULT_DAYS = 30
_LEVERAGES = (1, 2, 3, 5, 10)
_DEFAULT_LEVERAGE = 10
_LARGEST_POSITION = 1_500_000
_MS_PER_S = 1000


def futures_info_object(pair: PairSpec, now_s: int) -> JsonObject:
    """One entry of GET /v1/public/futures/info."""
    return {
        "currencyPair": pair.symbol,
        "estimatedFundingRate": decimal_text(_rate(_next(now_s, FUNDING_PERIOD_S))),
        "openInterest": "0",
        "nextFundingRun": _next(now_s, FUNDING_PERIOD_S) * _MS_PER_S,
        "nextPnlRun": _next(now_s, PNL_PERIOD_S) * _MS_PER_S,
    }


def funding_runs(
    pair: PairSpec, now_s: int, *, start_s: int | None, end_s: int | None
) -> Sequence[JsonObject]:
    """Entries of GET /v1/public/futures/funding/history, newest first; 30 days without a start."""
    first_s = now_s - _DEFAULT_DAYS * 24 * 3600 if start_s is None else start_s
    last_s = now_s if end_s is None else min(end_s, now_s)
    return list(_runs(pair.symbol, first_s, last_s - last_s % FUNDING_PERIOD_S))


def risk_limit_objects(pair: PairSpec) -> Sequence[JsonObject]:
    """Entries of GET /v1/public/risklimit/{pair}: the higher the leverage, the smaller the position."""
    return [
        {
            "pairSymbol": pair.symbol,
            "leverageMultiple": leverage,
            "initialMarginFraction": round(1 / leverage, 4),
            "maintenanceMarginFraction": round(1 / (2 * leverage), 4),
            "autoCloseMarginFraction": 0.0083,
            "riskLimitValue": _LARGEST_POSITION // leverage,
            "riskLimitCurrency": pair.quote,
            "isDefault": leverage == _DEFAULT_LEVERAGE,
        }
        for leverage in _LEVERAGES
    ]


def _runs(symbol: str, first_s: int, last_s: int) -> Iterator[JsonObject]:
    for run_s in range(last_s, max(first_s, last_s - 366 * 24 * 3600, 0) - 1, -FUNDING_PERIOD_S):
        yield {
            "currencyPair": symbol,
            "fundingRate": decimal_text(_rate(run_s)),
            "fundingTime": whole_second_text(run_s),
        }


def _next(now_s: int, period_s: int) -> int:
    return now_s - now_s % period_s + period_s


def _rate(run_s: int) -> Decimal:
    """Between -0.0001 and 0.0003."""
    return Decimal(run_s // FUNDING_PERIOD_S * 7919 % 401 - 100).scaleb(-6)
