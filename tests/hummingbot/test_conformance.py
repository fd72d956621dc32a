"""Hummingbot's own conformance suite, all of it as it stands: here are only VALR's addresses and answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aioresponses import aioresponses
from aioresponses.core import RequestCall
from hummingbot.connector.test_support.exchange_connector_test import AbstractExchangeConnectorTests
from hummingbot.connector.trading_rule import TradingRule
from hummingbot.core.data_type.common import OrderType
from hummingbot.core.data_type.in_flight_order import InFlightOrder
from hummingbot.core.data_type.trade_fee import DeductedFromReturnsTradeFee, TokenAmount, TradeFeeBase

from valr_connector.config import Settings
from valr_connector.integrations.hummingbot.exchange import ValrHummingbotExchange

HOST = "https://api.valr.com"
AT = "2026-03-01T10:00:00.123Z"
KEY, SECRET = "k" * 64, "s" * 64
NOT_FOUND = {"code": -1, "message": "Invalid order"}

Callback = Callable[..., Any]


def nothing(*_: Any, **__: Any) -> None:
    """What is done when nobody wants to know of a request."""


def once_answered(callback: Callback | None) -> Callback:
    """The callback a step of the event loop later, when the connection is closed that brought the answer.

    The suite looks at the order in the very step that follows its callback: which is before that from Python
    3.12 on, whose `asyncio.wait_for` takes fewer steps.
    """

    def answered(*details: Any, **more: Any) -> None:
        asyncio.get_running_loop().call_soon(lambda: (callback or nothing)(*details, **more))

    return answered


class ValrConformanceTests(AbstractExchangeConnectorTests.ExchangeConnectorTests):
    """VALR as the suite has to know it."""

    # --- addresses ---------------------------------------------------------------------------------

    @property
    def all_symbols_url(self) -> str:
        return f"{HOST}/v1/public/pairs"

    @property
    def latest_prices_url(self) -> str:
        return f"{HOST}/v1/public/{self.exchange_trading_pair}/marketsummary"

    @property
    def network_status_url(self) -> str:
        return f"{HOST}/v1/public/status"

    @property
    def trading_rules_url(self) -> str:
        return self.all_symbols_url

    @property
    def order_creation_url(self) -> str:
        return f"{HOST}/v2/orders/limit"

    @property
    def balance_url(self) -> str:
        return f"{HOST}/v1/account/balances"

    def status_url(self, order: InFlightOrder) -> str:
        return f"{HOST}/v1/orders/{self.exchange_trading_pair}/customerorderid/{order.client_order_id}"

    def history_url(self, order: InFlightOrder) -> str:
        return f"{HOST}/v1/orders/history/detail/customerorderid/{order.client_order_id}"

    @property
    def open_orders_url(self) -> str:
        return f"{HOST}/v1/orders/open"

    @property
    def cancel_url(self) -> str:
        return f"{HOST}/v2/orders/order"

    @property
    def trades_url(self) -> re.Pattern[str]:
        return re.compile(rf"^{re.escape(HOST)}/v1/account/{self.exchange_trading_pair}/tradehistory")

    # --- VALR's answers ----------------------------------------------------------------------------

    def pair_row(self, **changed: Any) -> dict[str, Any]:
        row = {
            "symbol": self.exchange_trading_pair,
            "baseCurrency": self.base_asset,
            "quoteCurrency": self.quote_asset,
            "shortName": f"{self.base_asset}/{self.quote_asset}",
            "active": True,
            "minBaseAmount": "0.0001",
            "maxBaseAmount": "500",
            "minQuoteAmount": "10",
            "maxQuoteAmount": "5000000",
            "tickSize": "0.01",
            "baseDecimalPlaces": "8",
            "marginTradingAllowed": False,
            "currencyPairType": "SPOT",
        }
        return row | changed

    @property
    def all_symbols_request_mock_response(self) -> list[dict[str, Any]]:
        return [self.pair_row()]

    @property
    def latest_prices_request_mock_response(self) -> dict[str, Any]:
        return {
            "currencyPair": self.exchange_trading_pair,
            "askPrice": "10001",
            "bidPrice": "9998",
            "lastTradedPrice": str(self.expected_latest_price),
            "created": AT,
        }

    @property
    def all_symbols_including_invalid_pair_mock_response(self) -> tuple[str, list[dict[str, Any]]]:
        invalid = self.pair_row(
            symbol="INVALIDPAIR", baseCurrency="INVALID", quoteCurrency="PAIR", active=False
        )
        return "INVALID-PAIR", [self.pair_row(), invalid]

    @property
    def network_status_request_successful_mock_response(self) -> dict[str, Any]:
        return {"status": "online"}

    @property
    def trading_rules_request_mock_response(self) -> list[dict[str, Any]]:
        return self.all_symbols_request_mock_response

    @property
    def trading_rules_request_erroneous_mock_response(self) -> list[dict[str, Any]]:
        row = self.pair_row()
        del row["tickSize"]
        return [row]

    @property
    def order_creation_request_successful_mock_response(self) -> dict[str, Any]:
        return {"id": self.expected_exchange_order_id}

    @property
    def balance_request_mock_response_for_base_and_quote(self) -> list[dict[str, Any]]:
        return [
            {"currency": self.base_asset, "available": "10", "reserved": "5", "total": "15", "updatedAt": AT},
            {
                "currency": self.quote_asset,
                "available": "2000",
                "reserved": "0",
                "total": "2000",
                "updatedAt": AT,
            },
        ]

    @property
    def balance_request_mock_response_only_base(self) -> list[dict[str, Any]]:
        return self.balance_request_mock_response_for_base_and_quote[:1]

    @property
    def balance_event_websocket_update(self) -> dict[str, Any]:
        wallet = {
            "currency": {"symbol": self.base_asset, "shortName": self.base_asset},
            "available": "10",
            "reserved": "5",
            "total": "15",
            "updatedAt": AT,
        }
        return {"type": "BALANCE_UPDATE", "data": wallet}

    def status_row(self, order: InFlightOrder, status: str, remaining: Decimal) -> dict[str, Any]:
        return {
            "orderId": order.exchange_order_id,
            "orderStatusType": status,
            "currencyPair": self.exchange_trading_pair,
            "originalPrice": str(order.price),
            "originalQuantity": str(order.amount),
            "remainingQuantity": str(remaining),
            "orderSide": order.trade_type.name.lower(),
            "orderType": "limit",
            "failedReason": "",
            "orderUpdatedAt": AT,
            "orderCreatedAt": AT,
            "customerOrderId": order.client_order_id,
            "timeInForce": "GTC",
        }

    def trade_row(self, order: InFlightOrder, price: Decimal, amount: Decimal) -> dict[str, Any]:
        fee = self.expected_fill_fee.flat_fees[0]
        return {
            "price": str(price),
            "quantity": str(amount),
            "currencyPair": self.exchange_trading_pair,
            "tradedAt": AT,
            "side": order.trade_type.name.lower(),
            "sequenceId": 1368928567986638030,
            "id": self.expected_fill_trade_id,
            "orderId": order.exchange_order_id,
            "fee": str(fee.amount),
            "feeCurrency": fee.token,
        }

    # --- what is expected --------------------------------------------------------------------------

    expected_latest_price = 9999.9
    expected_supported_order_types = [OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET]  # noqa: RUF012
    expected_exchange_order_id = "3fda280f-e87e-44c8-babf-852da844e514"
    is_order_fill_http_update_included_in_status_update = True
    is_order_fill_http_update_executed_during_websocket_order_event_processing = False
    expected_partial_fill_price = Decimal(10500)
    expected_partial_fill_amount = Decimal("0.5")
    expected_fill_trade_id = "0197d496-0e9f-7230-9aa1-4699655e7230"

    @property
    def expected_trading_rule(self) -> TradingRule:
        return TradingRule(
            trading_pair=self.trading_pair,
            min_order_size=Decimal("0.0001"),
            max_order_size=Decimal(500),
            min_price_increment=Decimal("0.01"),
            min_base_amount_increment=Decimal("1e-8"),
            min_notional_size=Decimal(10),
        )

    @property
    def expected_logged_error_for_erroneous_trading_rule(self) -> str:
        row = self.trading_rules_request_erroneous_mock_response[0]
        return f"Error parsing the trading pair rule {row}. Skipping."

    @property
    def expected_fill_fee(self) -> TradeFeeBase:
        return DeductedFromReturnsTradeFee(flat_fees=[TokenAmount(self.base_asset, Decimal("0.001"))])

    def exchange_symbol_for_tokens(self, base_token: str, quote_token: str) -> str:
        return f"{base_token}{quote_token}"

    def create_exchange_instance(self) -> ValrHummingbotExchange:
        return ValrHummingbotExchange(KEY, SECRET, trading_pairs=[self.trading_pair], settings=Settings())

    # --- what was asked ----------------------------------------------------------------------------

    def validate_auth_credentials_present(self, request_call: RequestCall) -> None:
        headers = request_call.kwargs["headers"]
        assert headers["X-VALR-API-KEY"] == KEY
        assert len(headers["X-VALR-SIGNATURE"]) == 128
        assert headers["X-VALR-TIMESTAMP"].isdigit()

    def validate_order_creation_request(self, order: InFlightOrder, request_call: RequestCall) -> None:
        body = json.loads(request_call.kwargs["data"])
        assert body["pair"] == self.exchange_trading_pair
        assert body["side"] == order.trade_type.name
        assert Decimal(body["quantity"]) == order.amount
        assert Decimal(body["price"]) == order.price
        assert body["customerOrderId"] == order.client_order_id

    def validate_order_cancelation_request(self, order: InFlightOrder, request_call: RequestCall) -> None:
        body = json.loads(request_call.kwargs["data"])
        assert body == {"pair": self.exchange_trading_pair, "orderId": order.exchange_order_id}

    def validate_order_status_request(self, order: InFlightOrder, request_call: RequestCall) -> None:
        assert request_call.kwargs["data"] is None

    def validate_trades_request(self, order: InFlightOrder, request_call: RequestCall) -> None:
        assert request_call.kwargs["data"] is None

    # --- cancelling --------------------------------------------------------------------------------

    def configure_successful_cancelation_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> str:
        mock_api.delete(self.cancel_url, payload={"id": order.exchange_order_id}, callback=callback)
        return self.cancel_url

    def configure_erroneous_cancelation_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> str:
        mock_api.delete(
            self.cancel_url, status=400, payload={"code": -21, "message": "Refused"}, callback=callback
        )
        return self.cancel_url

    def configure_order_not_found_error_cancelation_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> str:
        mock_api.delete(self.cancel_url, status=400, payload=NOT_FOUND)
        self.not_found_anywhere(order, mock_api, callback)
        return self.cancel_url

    def configure_one_successful_one_erroneous_cancel_all_response(
        self, successful_order: InFlightOrder, erroneous_order: InFlightOrder, mock_api: aioresponses
    ) -> list[str]:
        return [
            self.configure_successful_cancelation_response(successful_order, mock_api),
            self.configure_erroneous_cancelation_response(erroneous_order, mock_api),
        ]

    # --- what became of an order -------------------------------------------------------------------

    def answers_status(
        self,
        order: InFlightOrder,
        mock_api: aioresponses,
        callback: Callback | None,
        status: str,
        left: Decimal,
    ) -> str:
        url = self.status_url(order)
        mock_api.get(url, payload=self.status_row(order, status, left), callback=callback)
        return url

    def not_found_anywhere(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None
    ) -> str:
        """Neither among the active orders, nor in history, nor in the list: VALR does not know it."""
        url = self.status_url(order)
        mock_api.get(url, status=404, payload=NOT_FOUND)
        mock_api.get(self.history_url(order), payload=[])
        mock_api.get(self.open_orders_url, payload=[], callback=once_answered(callback))
        return url

    def configure_completely_filled_order_status_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> list[str]:
        return [self.answers_status(order, mock_api, callback, "Filled", Decimal(0))]

    def configure_canceled_order_status_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> list[str]:
        mock_api.get(self.trades_url, payload=[])
        return [self.answers_status(order, mock_api, callback, "Cancelled", order.amount)]

    def configure_open_order_status_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> list[str]:
        mock_api.get(self.trades_url, payload=[])
        return [self.answers_status(order, mock_api, callback, "Placed", order.amount)]

    def configure_http_error_order_status_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> str:
        """The one error that counts as not found: VALR's word for it, history asked as well."""
        mock_api.get(self.trades_url, payload=[])
        return self.not_found_anywhere(order, mock_api, callback)

    def configure_partially_filled_order_status_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> str:
        left = order.amount - self.expected_partial_fill_amount
        return self.answers_status(order, mock_api, callback, "Partially Filled", left)

    def configure_order_not_found_error_order_status_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> list[str]:
        return [self.not_found_anywhere(order, mock_api, callback)]

    def configure_partial_fill_trade_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> re.Pattern[str]:
        row = self.trade_row(order, self.expected_partial_fill_price, self.expected_partial_fill_amount)
        mock_api.get(self.trades_url, payload=[row], callback=callback)
        return self.trades_url

    def configure_erroneous_http_fill_trade_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = nothing
    ) -> re.Pattern[str]:
        mock_api.get(self.trades_url, status=400, callback=callback)
        return self.trades_url

    def configure_full_fill_trade_response(
        self, order: InFlightOrder, mock_api: aioresponses, callback: Callback | None = None
    ) -> re.Pattern[str]:
        mock_api.get(
            self.trades_url, payload=[self.trade_row(order, order.price, order.amount)], callback=callback
        )
        return self.trades_url

    # --- frames ------------------------------------------------------------------------------------

    def order_event_for_new_order_websocket_update(self, order: InFlightOrder) -> dict[str, Any]:
        return {"type": "ORDER_STATUS_UPDATE", "data": self.status_row(order, "Placed", order.amount)}

    def order_event_for_canceled_order_websocket_update(self, order: InFlightOrder) -> dict[str, Any]:
        return {"type": "ORDER_STATUS_UPDATE", "data": self.status_row(order, "Cancelled", order.amount)}

    def order_event_for_full_fill_websocket_update(self, order: InFlightOrder) -> dict[str, Any]:
        return {"type": "ORDER_STATUS_UPDATE", "data": self.status_row(order, "Filled", Decimal(0))}

    def trade_event_for_full_fill_websocket_update(self, order: InFlightOrder) -> dict[str, Any]:
        return {"type": "NEW_ACCOUNT_TRADE", "data": self.trade_row(order, order.price, order.amount)}


def test_no_test_of_the_suite_is_overridden() -> None:
    suite = AbstractExchangeConnectorTests.ExchangeConnectorTests
    tests = [name for name in dir(suite) if name.startswith("test_")]
    assert len(tests) == 39
    for name in tests:
        assert getattr(ValrConformanceTests, name) is getattr(suite, name)
