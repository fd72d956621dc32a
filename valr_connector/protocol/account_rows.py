"""Our fills and wallets, on the account socket and over REST (protocol 9, 15)."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from valr_connector.model.account import Balance
from valr_connector.model.enums import Liquidity, Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol, TradeId
from valr_connector.model.order import Fee
from valr_connector.protocol.codec import (
    HotDecimalText,
    UtcTime,
    check_closely,
    plain_numbers,
    wire_name,
)
from valr_connector.protocol.spellings import (
    CurrencyName,
    PairName,
    SideText,
    currency_code,
    pair_symbol_of,
    to_side,
)

_UNKNOWN = Liquidity.UNKNOWN  # CPython 3.11 takes 0.1 us to find a member in its class

_are_three_plain = plain_numbers(3)
_are_four_plain = plain_numbers(4)


class AccountTradeRow(Struct, rename=wire_name, frozen=True, gc=False):
    """A fill of ours, and VALR's time of it: NEW_ACCOUNT_TRADE and trade history (protocol 9.4, 15.7).

    The ids and the fee are absent in some variants of the socket's frame; REST always has them.
    """

    price_text: HotDecimalText
    quantity_text: HotDecimalText
    currency_pair: PairName
    at: UtcTime = field(name="tradedAt")
    side_word: SideText = field(name="side")
    order_id: ExchangeOrderId | None = None
    id: TradeId | None = None
    fee_text: HotDecimalText | None = None
    fee_currency: CurrencyName | None = None
    customer_order_id: ClientOrderId | None = None
    maker_reward_text: HotDecimalText | None = None
    maker_reward_currency: CurrencyName | None = None
    sequence_id: int | float | str | None = None

    def __post_init__(self) -> None:
        fee, reward = self.fee_text or "0", self.maker_reward_text or "0"
        joined = f"{self.price_text},{self.quantity_text},{fee},{reward},"
        if not _are_four_plain(joined):
            check_closely(self, joined, 4, "price_text", "quantity_text")

    @property
    def trade_id(self) -> TradeId | None:
        """VALR's id of the fill; a fill counts once by it."""
        return self.id or None

    @property
    def exchange_order_id(self) -> ExchangeOrderId | None:
        """VALR's id of the order; None where the frame left it out (protocol 15.7)."""
        return self.order_id or None

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id of the order."""
        return self.customer_order_id or None

    @property
    def pair_symbol(self) -> Symbol:
        """The pair on the wire."""
        return pair_symbol_of(self.currency_pair)

    @property
    def side(self) -> Side:
        """The account's own side."""
        return to_side(self.side_word)

    @property
    def price(self) -> Decimal:
        """Quote per base."""
        return Decimal(self.price_text)

    @property
    def amount(self) -> Decimal:
        """Base currency."""
        return Decimal(self.quantity_text)

    @property
    def fee(self) -> Fee | None:
        """Positive where it was paid, negative for a reward; None where VALR did not say (protocol 6)."""
        fee = to_fee(self.fee_text, self.fee_currency)
        if not self.maker_reward_text:
            return fee
        reward = to_fee(self.maker_reward_text, self.maker_reward_currency)
        if reward is None or not reward.amount:
            return fee or reward
        return Fee(reward.currency, reward.amount.copy_negate())

    @property
    def liquidity(self) -> Liquidity:
        """MAKER where there is a reward, unless of nothing beside a fee; VALR does not say it otherwise."""
        reward = self.maker_reward_text
        return Liquidity.MAKER if reward and (Decimal(reward) or not self.fee_text) else _UNKNOWN


class BalanceRow(Struct, rename=wire_name, frozen=True, gc=False):
    """The full state of one wallet: BALANCE_UPDATE and GET balances (protocol 9.2, 15.2)."""

    currency: CurrencyName
    available_text: HotDecimalText
    reserved_text: HotDecimalText
    total_text: HotDecimalText
    updated_at: UtcTime | None = None

    def __post_init__(self) -> None:
        currency = self.currency
        if not (currency if isinstance(currency, str) else currency.short_name or currency.symbol):
            raise ValueError("names no currency")
        joined = f"{self.available_text},{self.reserved_text},{self.total_text},"
        if not _are_three_plain(joined):
            check_closely(self, joined, 3)

    @property
    def currency_code(self) -> str:
        """``ZAR`` for the rand, whichever way VALR spelt it."""
        return currency_code(self.currency)

    def to_balance(self) -> Balance:
        """The same in the vocabulary of the model."""
        return Balance(
            currency_code(self.currency),
            Decimal(self.available_text),
            Decimal(self.reserved_text),
            Decimal(self.total_text),
            self.updated_at,
        )


def to_fee(amount: str | None, currency: CurrencyName | None) -> Fee | None:
    """The fee; None where VALR did not say both amount and currency."""
    if not amount or not currency:
        return None
    code = currency_code(currency)
    return Fee(code, Decimal(amount)) if code else None
