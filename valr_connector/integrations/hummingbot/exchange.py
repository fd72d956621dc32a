"""The exchange as Hummingbot knows it: `ExchangePyBase` in front, a `TradingAccount` behind.

Orders go to the account, and everything that VALR says comes back as its events: the order core decides, and
`CoreOrderTracker` shows what it decided.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from bidict import bidict
from hummingbot.connector.constants import s_decimal_NaN
from hummingbot.connector.exchange_py_base import ExchangePyBase
from hummingbot.connector.trading_rule import TradingRule
from hummingbot.core.api_throttler.data_types import RateLimit
from hummingbot.core.data_type.cancellation_result import CancellationResult
from hummingbot.core.data_type.common import OrderType, TradeType
from hummingbot.core.data_type.in_flight_order import InFlightOrder as ShownOrder
from hummingbot.core.data_type.in_flight_order import OrderUpdate, TradeUpdate
from hummingbot.core.data_type.trade_fee import TradeFeeBase
from hummingbot.core.network_iterator import NetworkStatus
from hummingbot.core.utils.async_utils import safe_ensure_future
from hummingbot.core.web_assistant.web_assistants_factory import WebAssistantsFactory

from valr_connector.config import Settings
from valr_connector.errors import NotReadyError, OrderNotFoundError, OrderRefusedError, ValrError
from valr_connector.integrations.hummingbot.auth import ValrAuth
from valr_connector.integrations.hummingbot.fees import FEE_SCHEMA
from valr_connector.integrations.hummingbot.hosts import hosts_from_environment
from valr_connector.integrations.hummingbot.order_book_source import OrderBookSource
from valr_connector.integrations.hummingbot.order_records import shown_state
from valr_connector.integrations.hummingbot.order_tracker import CoreOrderTracker
from valr_connector.integrations.hummingbot.pair_rules import is_traded, pair_info, trading_rule
from valr_connector.integrations.hummingbot.throttler import LONGEST_WAIT_S, ValrThrottler
from valr_connector.integrations.hummingbot.trading_account import TradingAccount
from valr_connector.integrations.hummingbot.user_stream_source import UserStreamSource
from valr_connector.model.account import Balance
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import BalanceChanged, Event, OrderEvent, TradingRulesChanged, UntrackedOrder
from valr_connector.model.market import PairInfo
from valr_connector.protocol.codec import encode_json
from valr_connector.protocol.signing import Credentials

_PERCENT = Decimal(100)
_LONGEST_ID = 50
_RULES_AGAIN_S, _FEES_AGAIN_S = 10.0, 60.0
"""After a failure; rules are a public call, of which VALR takes 30 a minute in all (protocol 4)."""
_LONGEST_CALL_S = LONGEST_WAIT_S + 10.0
"""For an answer, after the wait for room in VALR's limits."""


class ValrHummingbotExchange(ExchangePyBase):
    """VALR for Hummingbot.

    Args:
        valr_api_key, valr_api_secret: the key; empty where only the market is wanted.
        balance_asset_limit: Hummingbot's own limits of what it may use.
        rate_limits_share_pct: the part of VALR's limits that this bot uses, percent.
        trading_pairs: pairs whose books are followed.
        trading_required: whether the account is used at all.
        domain: there is one.
        settings: what the `ValrExchange` runs by; hosts come from the environment by default (`hosts`).
    """

    def __init__(  # noqa: PLR0917  as Hummingbot calls it
        self,
        valr_api_key: str,
        valr_api_secret: str,
        balance_asset_limit: dict[str, dict[str, Decimal]] | None = None,
        rate_limits_share_pct: Decimal = _PERCENT,
        trading_pairs: list[str] | None = None,
        trading_required: bool = True,
        domain: str = "valr",
        *,
        settings: Settings | None = None,
    ) -> None:
        # Everything here is read while the parent is being made, and nothing of it is used yet.
        self._key, self._secret = valr_api_key, valr_api_secret
        self._trading_pairs: list[str] = [] if trading_pairs is None else trading_pairs
        self._trading_required = trading_required
        self._domain = domain
        share = float(rate_limits_share_pct / _PERCENT)
        self._settings = (settings or Settings(hosts=hosts_from_environment())).model_copy(
            update={"on_close": "leave", "limits_share": share}
        )
        self._symbols_seen: dict[str, str] = {}
        self._account = TradingAccount(
            credentials=lambda: (self._key, self._secret),
            settings=self._settings,
            shown=lambda: self._order_tracker.all_fillable_orders,
            lost=lambda: self._order_tracker.lost_orders,
            symbols=self._symbols,
            tell=self._tell,
            on_ended=lambda *ids: self._order_tracker.forget_lost(*ids),  # noqa: PLW0108  it is yet to be made
        )
        super().__init__(balance_asset_limit, rate_limits_share_pct)
        self.real_time_balance_update = True
        self._changing_network = asyncio.Lock()
        self._starting_anew: asyncio.Task[None] | None = None
        self._throttler = ValrThrottler(host=self._settings.hosts.rest.partition("://")[2], share=share)
        self._web_assistants_factory = self._create_web_assistants_factory()

    # --- what Hummingbot asks of every connector ----------------------------------------------------

    name = "valr"
    rate_limits_rules: Sequence[RateLimit] = ()
    client_order_id_max_length = _LONGEST_ID
    client_order_id_prefix = "hbot-"
    trading_rules_request_path = "/v1/public/pairs"
    trading_pairs_request_path = "/v1/public/pairs"
    check_network_request_path = "/v1/public/status"

    @property
    def authenticator(self) -> ValrAuth:
        """Signs what Hummingbot itself sends."""
        return ValrAuth(lambda: Credentials(self._key, self._secret))

    @property
    def domain(self) -> str:
        """There is one."""
        return self._domain

    @property
    def trading_pairs(self) -> list[str]:
        """The pairs whose books are followed: the very list that the book source uses."""
        return self._trading_pairs

    @property
    def is_trading_required(self) -> bool:
        """Whether the account is used at all."""
        return self._trading_required

    @property
    def is_cancel_request_in_exchange_synchronous(self) -> bool:
        """Whether a cancel that was accepted is one that is done: by REST v2 yes, on the socket no."""
        return not self._account.is_ready

    def supported_order_types(self) -> list[OrderType]:
        """LIMIT, LIMIT_MAKER (post-only) and MARKET."""
        return [OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET]

    @property
    def status_dict(self) -> dict[str, bool]:
        """What has to be in place before a strategy may run, each part as it is."""
        parts: dict[str, bool] = super().status_dict
        if self._account.is_ready:
            parts["account_balance"] = True  # known to be empty is known
        return parts

    def _is_user_stream_initialized(self) -> bool:
        return self._account.is_ready or not self._trading_required

    def _is_request_exception_related_to_time_synchronizer(self, request_exception: Exception) -> bool:  # noqa: ARG002  asked by name
        return False  # what is signed for the account corrects its clock by itself

    def _is_order_not_found_during_status_update_error(self, status_update_exception: Exception) -> bool:
        return isinstance(status_update_exception, OrderNotFoundError)

    def _is_order_not_found_during_cancelation_error(self, cancelation_exception: Exception) -> bool:
        return isinstance(cancelation_exception, OrderNotFoundError)

    def _create_web_assistants_factory(self) -> WebAssistantsFactory:
        return WebAssistantsFactory(throttler=self._throttler, auth=self._auth)

    def _create_order_book_data_source(self) -> OrderBookSource:
        return OrderBookSource(
            self._trading_pairs, settings=self._settings, last_prices=self.get_last_traded_prices
        )

    def _create_user_stream_data_source(self) -> UserStreamSource:
        return UserStreamSource(lambda: self._account.heard_at)

    def _create_order_tracker(self) -> CoreOrderTracker:
        return CoreOrderTracker(self, find=self._account.find, prove_absent=self._account.prove_absent)

    async def _api_request(self, *arguments: Any, **more: Any) -> Any:
        """One of Hummingbot's own calls, which for themselves would wait for minutes on a dead connection."""
        async with asyncio.timeout(_LONGEST_CALL_S):
            return await super()._api_request(*arguments, **more)

    async def _api_request_url(self, path_url: str, is_auth_required: bool = False) -> str:  # noqa: ARG002
        return self._settings.hosts.rest + path_url

    # --- network -----------------------------------------------------------------------------------

    async def start_network(self) -> None:
        """Follow the books; with trading, connect the account and stay connected; first, stop what runs."""
        async with self._changing_network:
            await self._stop_network()
            self.order_book_tracker.start()
            if not self._trading_required:
                return
            self._account_balances.clear()  # a wallet that was emptied meanwhile may not be listed any more
            self._account_available_balances.clear()
            self._account.start()
            self._trading_rules_polling_task = safe_ensure_future(self._trading_rules_polling_loop())
            self._trading_fees_polling_task = safe_ensure_future(self._trading_fees_polling_loop())
            self._lost_orders_update_task = safe_ensure_future(self._lost_orders_update_polling_loop())

    async def stop_network(self) -> None:
        """Hang up. Orders stay as they are: whoever stops a strategy cancels them before."""
        if self._starting_anew is not None:
            self._starting_anew.cancel()
        async with self._changing_network:
            await self._stop_network()

    async def _stop_network(self) -> None:
        await super().stop_network()
        for book in self.order_books.values():  # strategies go on meanwhile, and would quote by old prices
            book.apply_snapshot([], [], book.snapshot_uid + 1)
        await self._account.stop()

    async def check_network(self) -> NetworkStatus:
        """CONNECTED while the account is in step, or else if VALR answers."""
        if self._account.is_ready:
            return NetworkStatus.CONNECTED
        return await super().check_network()

    # --- what VALR says ----------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        if isinstance(event, OrderEvent):
            self._order_tracker.show(event)
        elif isinstance(event, BalanceChanged):
            self._note_balance(event.balance)
        elif isinstance(event, TradingRulesChanged):
            self._note_rules(event.after)
        elif isinstance(event, UntrackedOrder):
            self.logger().warning(
                f"VALR has an open order that this bot did not place: {event.side} {event.remaining_amount} "
                f"{event.symbol} at {event.price} ({event.exchange_order_id}). It is left alone."
            )

    async def _user_stream_event_listener(self) -> None:
        """Frames that somebody put into Hummingbot's own queue; ours do not go through it."""
        async for message in self._iter_user_event_queue():
            try:
                await self._account.make_known()
                self._account.rest.take_frame(encode_json(message))
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001  whoever feeds the queue may put anything into it
                self.logger().exception("Unexpected error in user stream listener loop.")
                await self._sleep(1.0)

    def _note_rules(self, info: PairInfo) -> None:
        """What Hummingbot asks for by itself, too; its own question may have to wait for a new minute."""
        is_new = self._symbols_seen.get(info.pair) != info.symbol
        self._symbols_seen[info.pair] = info.symbol
        if is_traded(info):
            self._trading_rules[info.pair] = trading_rule(info)
            if is_new:
                traded = {
                    pair: symbol for pair, symbol in self._symbols_seen.items() if pair in self._trading_rules
                }
                self._set_trading_pair_symbol_map(bidict(traded).inverse)

    def _note_balance(self, balance: Balance) -> None:
        self._account_balances[balance.currency] = balance.total
        self._account_available_balances[balance.currency] = balance.available

    # --- orders ------------------------------------------------------------------------------------

    def start_tracking_order(self, order_id: str, exchange_order_id: str | None, **terms: Any) -> None:
        """Show an order; one that has an id of VALR's was placed before: the core has to be told of it."""
        super().start_tracking_order(order_id=order_id, exchange_order_id=exchange_order_id, **terms)
        if exchange_order_id is not None:
            self._account.remember([order_id])

    def restore_tracking_states(self, saved_states: dict[str, Any]) -> None:
        """Show the orders that an earlier run left; what became of them is asked when the network starts.

        Hummingbot may have started it before, as where its clock ran already when a strategy was added to it:
        then it is started anew.
        """
        super().restore_tracking_states(saved_states)
        orders = self._order_tracker.all_updatable_orders
        self._account.remember(orders)
        if self._account.connection is not None and not all(map(self._account.find, orders)):
            self._starting_anew = safe_ensure_future(self.start_network())

    async def _create_order(  # noqa: PLR0917  as Hummingbot calls it
        self,
        trade_type: TradeType,
        order_id: str,
        trading_pair: str,
        amount: Decimal,
        order_type: OrderType,
        price: Decimal | None = None,
        **kwargs: Any,
    ) -> None:
        """Check an order and place it; one that cannot even be checked fails.

        Hummingbot would leave it in flight for ever, or say nothing: a market order needs a price, and an
        empty book has none. An amount that is none, or negative, is 0 to Hummingbot's own check.
        """
        amount = amount if math.isfinite(amount) and amount > 0 else Decimal(0)
        try:
            await super()._create_order(
                trade_type, order_id, trading_pair, amount, order_type, price, **kwargs
            )
        except Exception as error:  # noqa: BLE001  whatever it was, a strategy waits for a word of its order
            if self._order_tracker.fetch_order(order_id) is None:
                self.start_tracking_order(
                    order_id=order_id, exchange_order_id=None, trading_pair=trading_pair,
                    trade_type=trade_type, price=price, amount=amount, order_type=order_type,
                )  # fmt: skip
            reason = ValueError(f"the rules of {trading_pair} could not be applied to the order: {error!r}")
            self._update_order_after_failure(order_id, trading_pair, reason)

    async def _place_order_and_process_update(self, order: ShownOrder, **kwargs: Any) -> str:
        exchange_order_id, _ = await self._place_order(order.client_order_id, **kwargs)
        return exchange_order_id

    async def _place_order(self, order_id: str, **_: Any) -> tuple[str, float]:
        """Place an order; returns once VALR has said something of it, or its outcome is unknown.

        Raises:
            OrderRefusedError: VALR refused it.
            ValrError: it breaks a rule, or nothing can be sent at present; nothing was.
        """
        order = await self._account.place(self._order_tracker.fetch_tracked_order(order_id))
        if order.status is OrderStatus.FAILED:
            raise OrderRefusedError(order.failure_reason, request=f"order {order_id}")
        return order.exchange_order_id or "", self.current_timestamp

    async def _place_cancel(self, order_id: str, tracked_order: ShownOrder) -> bool:  # noqa: ARG002  passed by name
        """Cancel an order; True if VALR said that it has ended."""
        is_done = await self._account.cancel(order_id)
        self._order_tracker.show_request(order_id)
        return is_done

    async def cancel_all(self, timeout_seconds: float) -> list[CancellationResult]:
        """Cancel every order of this bot, and say of each whether VALR said that it ended, others or not."""
        wanted = [order.client_order_id for order in self.in_flight_orders.values() if not order.is_done]
        ended: Collection[str] = ()
        if not self._account.is_ready:
            ended = [each.order_id for each in await super().cancel_all(timeout_seconds) if each.success]
        else:
            try:
                async with asyncio.timeout(timeout_seconds):
                    ended = await self._account.cancel_all()
            except (TimeoutError, ValrError) as error:
                self.logger().error(f"Cancelling all orders: {str(error) or 'no answer in time'}")
        under_way = self.in_flight_orders
        return [CancellationResult(each, each in ended or each not in under_way) for each in wanted]

    # --- polling, while there is REST alone --------------------------------------------------------

    async def _update_order_status(self) -> None:
        if self._account.connection is not None:
            return
        await self._account.make_known()
        orders = list(self.in_flight_orders.values())  # also those that their fills will end: VALR says when
        await self._update_orders_fills(list(self._order_tracker.all_fillable_orders.values()))
        await self._update_orders_with_error_handler(orders, self._handle_update_error_for_active_order)

    async def _update_lost_orders_status(self) -> None:
        if self._account.connection is None:
            await self._account.make_known()
            await super()._update_lost_orders_status()

    async def _request_order_status(self, tracked_order: ShownOrder) -> OrderUpdate:
        record = await self._account.known(tracked_order.client_order_id)
        await self._account.rest.ask(record)
        self._order_tracker.note_found(record.client_order_id)
        return OrderUpdate(
            trading_pair=tracked_order.trading_pair,
            update_timestamp=self.current_timestamp,
            new_state=shown_state(record),
            client_order_id=record.client_order_id,
            exchange_order_id=record.exchange_order_id,
        )

    async def _all_trade_updates_for_order(self, order: ShownOrder) -> list[TradeUpdate]:
        """Have the core count the fills that VALR knows; it tells those that are new by itself."""
        record = self._account.rest.find(order.client_order_id)
        if record is not None:
            await self._account.rest.fetch_fills(record)
        return []

    async def _handle_update_error_for_active_order(self, order: ShownOrder, error: Exception) -> None:
        if self._is_order_not_found_during_status_update_error(error):
            await self._order_tracker.process_order_not_found(order.client_order_id)
        else:
            self.logger().warning(f"VALR could not be asked about {order.client_order_id}: {error}")

    async def _update_balances(self) -> None:
        balances = await self._account.rest.balances()
        self._account_balances.clear()
        self._account_available_balances.clear()
        for balance in balances:
            self._note_balance(balance)

    # --- market ------------------------------------------------------------------------------------

    async def _trading_rules_polling_loop(self) -> None:
        await self._poll("rules", self._update_trading_rules, self.TRADING_RULES_INTERVAL, _RULES_AGAIN_S)

    async def _trading_fees_polling_loop(self) -> None:
        await self._poll("fees", self._update_trading_fees, self.TRADING_FEES_INTERVAL, _FEES_AGAIN_S)

    async def _poll(
        self, what: str, update: Callable[[], Awaitable[None]], every_s: float, again_s: float
    ) -> None:
        """As Hummingbot's own loops do, which after a failure would ask twice a second."""
        while True:
            pause_s = every_s
            try:
                await update()
            except Exception as error:  # noqa: BLE001  whatever it was, it is asked for again
                self.logger().warning(f"VALR's {what} could not be read: {error!r}")
                pause_s = again_s
            await self._sleep(pause_s)

    async def _update_trading_fees(self) -> None:
        for row in await self._account.rest.fees():
            maker, taker = row.maker_percent, row.taker_percent
            if maker is not None and taker is not None:
                self._trading_fees[row.currency_pair] = (maker / _PERCENT, taker / _PERCENT)

    def _get_fee(  # noqa: PLR0917  as Hummingbot calls it
        self,
        base_currency: str,
        quote_currency: str,
        order_type: OrderType,
        order_side: TradeType,
        amount: Decimal,  # noqa: ARG002  the fee is a part of it
        price: Decimal = s_decimal_NaN,  # noqa: ARG002
        is_maker: bool | None = None,
    ) -> TradeFeeBase:
        is_maker = order_type is OrderType.LIMIT_MAKER if is_maker is None else is_maker
        maker, taker = self._trading_fees.get(
            f"{base_currency}{quote_currency}",
            (FEE_SCHEMA.maker_percent_fee_decimal, FEE_SCHEMA.taker_percent_fee_decimal),
        )
        return TradeFeeBase.new_spot_fee(
            fee_schema=FEE_SCHEMA, trade_type=order_side, percent=maker if is_maker else taker
        )

    async def _format_trading_rules(
        self, exchange_info_dict: Sequence[Mapping[str, Any]]
    ) -> list[TradingRule]:
        rules: list[TradingRule] = []
        for row in exchange_info_dict:
            info = pair_info(row)
            if info is None:
                self.logger().error(f"Error parsing the trading pair rule {row}. Skipping.")
            elif is_traded(info):
                rules.append(trading_rule(info))
        return rules

    def _initialize_trading_pair_symbols_from_exchange_info(
        self, exchange_info: Sequence[Mapping[str, Any]]
    ) -> None:
        infos = [info for info in map(pair_info, exchange_info) if info is not None]
        self._symbols_seen |= {info.pair: info.symbol for info in infos}
        self._set_trading_pair_symbol_map(
            bidict({info.symbol: info.pair for info in infos if is_traded(info)})
        )

    async def _symbols(self) -> Mapping[str, str]:
        """VALR's name of each pair that it lists, or has listed since this bot runs.

        Raises:
            NotReadyError: VALR could not be asked yet.
        """
        traded = await self.trading_pair_symbol_map()
        if not traded:
            raise NotReadyError("VALR's pairs are not known yet")
        return {**self._symbols_seen, **traded.inverse}

    async def get_last_traded_prices(self, trading_pairs: list[str]) -> dict[str, float]:
        """The last price of each pair that VALR has.

        Hummingbot asks every five seconds about all pairs that are seldom traded, and VALR takes 30 such
        questions a minute in all (protocol 4): several are one.
        """
        if len(trading_pairs) == 1:
            return {pair: await self._get_last_traded_price(pair) for pair in trading_pairs}
        symbols = await self._symbols()
        rows = await self._api_get(path_url="/v1/public/marketsummary")
        last = {row["currencyPair"]: float(row["lastTradedPrice"]) for row in rows}
        return {pair: last[symbols[pair]] for pair in trading_pairs if symbols.get(pair) in last}

    async def _get_last_traded_price(self, trading_pair: str) -> float:
        symbol = (await self._symbols())[trading_pair]
        summary = await self._api_get(path_url=f"/v1/public/{symbol}/marketsummary")
        return float(summary["lastTradedPrice"])
