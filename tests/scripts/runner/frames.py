"""Frames that the scripted exchange sends: from the words of a script to JSON (protocol 14-18)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from tests.scripts.runner.records import Json, Records, Said, order_id, said, time_text
from tests.scripts.runner.script_file import Mismatch, split

MessageId = Callable[[str, str, int], str]
"""From a kind of command (PLACE, CANCEL, MODIFY), an order's name and which one it was to its clientMsgId."""


class Frames:
    """Makes frames.

    Args:
        records: what orders are.
        message_id: finds what a reply has to bring back.
        count: how many commands of a kind were sent for an order.
    """

    def __init__(self, records: Records, message_id: MessageId, count: Callable[[str, str], int]) -> None:
        self._records = records
        self._message_id = message_id
        self._count = count
        self._makers: Mapping[str, Callable[[str], Json]] = {
            "ORDER_PROCESSED": self._processed,
            "ORDER_STATUS_UPDATE": lambda text: self._records.status_object(said(text)),
            "NEW_ACCOUNT_TRADE": lambda text: self._records.trade(said(text)),
            "FAILED_ORDER": self._failed,
            "FAILED_CANCEL_ORDER": self._failed,
            "MODIFY_ORDER_OUTCOME": self._modify_outcome,
        }

    def make(self, text: str) -> bytes:
        """The frame that a line means; ``text ...`` is sent as it stands."""
        kind, _, rest = text.partition(" ")
        if kind == "text":
            return rest.encode()
        if kind == "frame":
            return json.dumps(json.loads(rest)).encode()
        if kind in self._makers:
            news = said(rest)
            frame = {"type": kind, "data": self._makers[kind](rest), **news.frame}
        elif kind in _LISTS:
            frame = {"type": kind, **_LISTS[kind](self, rest)}
        elif kind.endswith("_WS_RESPONSE") or kind.startswith("INVALID_"):
            frame = self._reply(kind, said(rest))
        elif kind == "RATE_LIMIT_EXCEEDED":
            frame = self._limited(rest)
        else:
            raise Mismatch(f"there is no short form of {kind}: write 'frame {{...}}'")
        return json.dumps(frame).encode()

    # --- about orders ------------------------------------------------------------------------------

    def _processed(self, text: str) -> Json:
        news = said(text)
        has_failed = bool(news.because)
        if not self._records.order(news.name).status or has_failed:
            self._records.note(Said(news.name, ["Failed" if has_failed else "Placed"]))
        return news.dress(
            {
                "orderId": order_id(news.name),
                "success": not has_failed,
                "failureReason": news.because,
                "customerOrderId": news.name,
            }
        )

    def _failed(self, text: str) -> Json:
        news = said(text)
        return news.dress({"orderId": order_id(news.name), "message": news.because})

    def _modify_outcome(self, text: str) -> Json:
        news = said(text)
        return news.dress(
            {
                "success": {"success": True, "failure": False}[news.status],
                "orderId": order_id(news.name),
                "customerOrderId": news.name,
                "modifyRequestId": self._modify_request(news),
            }
        )

    def _modify_request(self, news: Said) -> str:
        number = news.command or self._count("MODIFY", news.name)
        return f"modify-{number}-of-{news.name}"

    # --- replies -----------------------------------------------------------------------------------

    def _reply(self, kind: str, news: Said) -> Json:
        family = kind.removeprefix("INVALID_").partition("_")[0]
        frame: Json = {"type": kind, "clientMsgId": self._message_id(family, news.name, news.command)}
        if not kind.startswith("INVALID_") and not news.frame:
            frame["data"] = news.dress(self._receipt(family, news))
        frame |= news.frame
        return {key: value for key, value in frame.items() if key not in news.without}

    def _receipt(self, family: str, news: Said) -> Json:
        ids = {"orderId": order_id(news.name), "customerOrderId": news.name}
        if family == "PLACE":
            return ids
        if family == "CANCEL":
            return {"requested": True, **ids}
        return {"modifyRequestId": self._modify_request(news), "requested": True, **ids}

    def _limited(self, text: str) -> Json:
        request_type, _, rest = text.partition(" ")
        news = said(rest)
        message_id = self._message_id(request_type.partition("_")[0], news.name, news.command)
        frame = {
            "type": "RATE_LIMIT_EXCEEDED",
            "data": {"requestType": request_type},
            "clientMsgId": message_id,
        }
        return {key: value for key, value in frame.items() if key not in news.without}

    # --- lists -------------------------------------------------------------------------------------

    def open_orders(self, text: str) -> Json:
        """``none``, or orders with their status, between semicolons; ``wrapped ...`` has the other form."""
        is_wrapped, text = text.startswith("wrapped "), text.removeprefix("wrapped ")
        entries = [] if text == "none" else split(text, ";")
        rows = [self._records.open_row(said(entry)) for entry in entries]
        return {"data": {"accountId": "0", "orders": rows} if is_wrapped else rows}

    def balance(self, text: str) -> Json:
        """``ZAR: available 1, reserved 2``."""
        news = said(text)
        available, reserved = (words.split()[1] for words in news.words)
        self._records.wallets[news.name] = (available, reserved)
        return {"data": news.dress(balance_update(news.name, available, reserved, self._records, news.ago_s))}

    def book(self, text: str) -> Json:
        """``bids 1 at 990, 2 at 980; asks 1 at 1000``."""
        return {"currencyPairSymbol": "BTCZAR", "data": book_of(text)}


_LISTS: Final[Mapping[str, Callable[[Frames, str], Json]]] = {
    "OPEN_ORDERS_UPDATE": Frames.open_orders,
    "BALANCE_UPDATE": Frames.balance,
    "AGGREGATED_ORDERBOOK_UPDATE": Frames.book,
}


def balance_update(
    currency: str, available: str, reserved: str, records: Records, ago_s: float = 0.0
) -> Json:
    """Data of BALANCE_UPDATE (protocol 15.2). The rand's symbol is "R"."""
    symbol = "R" if currency == "ZAR" else currency
    return {
        "currency": {"symbol": symbol, "shortName": currency, "decimalPlaces": 8, "isActive": True},
        **wallet(available, reserved, records.now_ns() - round(ago_s * 1_000_000_000)),
    }


def wallet(available: str, reserved: str, at_ns: int) -> Json:
    """What every form of a balance has."""
    total = float(available) + float(reserved)
    return {
        "available": available,
        "reserved": reserved,
        "total": f"{total:.8f}",
        "updatedAt": time_text(at_ns),
    }


def book_of(text: str) -> Json:
    """An aggregated book (protocol 18)."""
    sides: Json = {}
    for part in split(text, ";"):
        name, _, levels = part.partition(" ")
        sides[name.capitalize()] = [
            {
                "side": "buy" if name == "bids" else "sell",
                "quantity": level.split(" at ")[0],
                "price": level.split(" at ")[1],
                "currencyPair": "BTCZAR",
                "orderCount": 1,
            }
            for level in split(levels)
            if level != "none"
        ]
    return {**sides, "LastChange": "2026-09-21T13:46:40.000Z", "SequenceNumber": 1}
