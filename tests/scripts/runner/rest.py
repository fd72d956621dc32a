"""REST of the scripted exchange: what scripts call the calls, and what is answered (protocol 7, 9, 10)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.scripts.runner.frames import wallet
from tests.scripts.runner.records import Json, Records, Said, name_of, order_id, said, time_text
from tests.scripts.runner.script_file import Mismatch, split
from valr_connector.net.http_exchange import Failure, Reply

_CALLS: Final = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("GET", r"/v1/public/time", "time"),
        ("GET", r"/v1/public/pairs", "pairs"),
        ("GET", r"/v1/public/ordertypes", "order-types"),
        ("GET", r"/v1/account/api-keys/current", "api-key"),
        ("GET", r"/v1/account/balances", "balances"),
        ("GET", r"/v1/orders/open", "open-orders"),
        ("GET", r"/v1/account/tradehistory", "trades"),
        ("GET", r"/v1/account/\w+/tradehistory", "pair-trades"),
        ("GET", r"/v1/orders/\w+/(?:customerorderid|orderid)/([\w-]+)", "order-status"),
        ("GET", r"/v1/orders/history/detail/(?:customerorderid|orderid)/([\w-]+)", "order-history"),
        ("GET", r"/v1/orders/history/summary/(?:customerorderid|orderid)/([\w-]+)", "order-summary"),
        ("POST", r"/v2/orders/limit", "place-limit"),
        ("POST", r"/v2/orders/market", "place-market"),
        ("POST", r"/v2/orders/stop/limit", "place-stop-limit"),
        ("PUT", r"/v2/orders/modify", "modify"),
        ("DELETE", r"/v2/orders/order", "cancel"),
        ("DELETE", r"/v1/orders", "cancel-all"),
        ("DELETE", r"/v1/orders/(\w+)", "cancel-pair"),
        ("POST", r"/v1/batch/orders", "batch"),
    )
)
_BY_ITSELF: Final = frozenset(
    {"time", "pairs", "order-types", "api-key", "balances", "open-orders", "trades", "pair-trades"}
)
_OTHER: Final = "GET "
"""Begins the name of a read that no script cares for."""
_NOT_FOUND: Final = {"code": -1, "message": "Invalid Order. "}
_DUPLICATE: Final = {"code": -11502, "message": "Duplicate customer order id's are not allowed"}
_FAILURES: Final[Mapping[str, Failure]] = {
    "breaks off": Failure("the connection was lost", may_have_left=True),
    "cannot connect": Failure("connection refused", may_have_left=False),
}
_REFUSAL: Final = re.compile(r"refused (-\d+) (.+?)(, with its id)?")

Answer = Callable[[], Reply | Failure]


def key_of(method: str, path: str, body: Mapping[str, Any]) -> str:
    """What a script calls this call: its name, and the order it is about."""
    for verb, pattern, name in _CALLS:
        match = pattern.fullmatch(path) if verb == method else None
        if match is not None:
            about = match[1] if pattern.groups else body.get("customerOrderId") or body.get("orderId") or ""
            return f"{name} {name_of(about)}".strip()
    if method == "GET":
        return _OTHER + path
    raise Mismatch(f"nobody has foreseen {method} {path}")


def is_by_itself(key: str) -> bool:
    """Whether the exchange answers it out of what it has told, where the script says nothing of it."""
    return key in _BY_ITSELF or key.startswith(_OTHER)


class Rest:
    """Makes answers out of the records."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def answer_by_itself(self, key: str, path: str) -> Reply:
        """The answer to a call that no script has to care for."""
        if key.startswith(_OTHER):
            return _reply(404, {"code": -111, "message": "Market summary not found"})
        return _reply(200, self._default(key, path))

    def answer(self, key: str, text: str) -> Answer:
        """What `text` answers to the call named `key`; made anew for each call."""
        return lambda: self._answer(key, text)

    def _answer(self, key: str, text: str) -> Reply | Failure:
        if text in _FAILURES:
            return _FAILURES[text]
        status, _, rest = text.partition(" ")
        if status.isdigit() and len(status) == 3:
            return _reply(int(status), json.loads(rest) if rest else None)
        call, _, name = key.partition(" ")
        if text == "not found":
            return _reply(400, _NOT_FOUND)
        if text == "duplicate id":
            return _reply(400, _DUPLICATE)
        if (refusal := _REFUSAL.fullmatch(text)) is not None:
            extra = {"orderId": order_id(name)} if refusal[3] else {}
            return _reply(400, {**extra, "code": int(refusal[1]), "message": refusal[2]})
        return self._content(call, name, text)

    def _content(self, call: str, name: str, text: str) -> Reply:
        if text == "done":
            return self._done(call, name)
        if call == "batch":
            return _reply(200, {"outcomes": [_outcome(part) for part in split(text, ";")], "batchId": 1})
        parts = [] if text == "none" else split(text, ";")
        if call == "open-orders":
            return _reply(200, [self._records.open_row(said(part), "remainingQuantity") for part in parts])
        if call in ("trades", "pair-trades"):
            return _reply(200, [self._records.trade(said(part)) for part in parts])
        rows = [self._records.status_object(said(f"{name} {part}")) for part in parts]
        if call == "order-history":
            return _reply(200, rows)
        if call == "order-status":
            return _reply(200, rows[0])
        raise Mismatch(f"{call} is not answered with {text!r}")

    def _done(self, call: str, name: str) -> Reply:
        if call == "modify":
            return _reply(201, {"id": f"modify-by-rest-of-{name}"})
        if call == "cancel":
            self._records.note(Said(name, ["Cancelled"]))
            return _reply(200, {"id": name})
        if not self._records.order(name).status:
            self._records.note(Said(name, ["Active" if call == "place-stop-limit" else "Placed"]))
        return _reply(201, {"id": order_id(name)})

    def _default(self, key: str, path: str) -> object:
        now_ns = self._records.now_ns()
        if key == "time":
            return {"epochTime": now_ns // 1_000_000_000, "time": time_text(now_ns)}
        if key == "pairs":
            return [_BTCZAR, _SHIBUSDC]
        if key == "order-types":
            return [
                {"currencyPair": pair["symbol"], "orderTypes": _ORDER_TYPES} for pair in (_BTCZAR, _SHIBUSDC)
            ]
        if key == "api-key":
            return {"label": "script", "permissions": ["View access", "Trade"], "isSubAccount": False}
        if key == "balances":
            return [
                {"currency": currency, **wallet(available, reserved, now_ns)}
                for currency, (available, reserved) in self._records.wallets.items()
            ]
        if key == "open-orders":
            return self._records.open_rows("remainingQuantity")
        symbol = path.split("/")[3]
        newest_first = reversed(self._records.trades)
        return [row for row in newest_first if key == "trades" or row["currencyPair"] == symbol]


def _outcome(text: str) -> Json:
    verdict, _, rest = text.partition(" ")
    if verdict == "accepted":
        return {"accepted": True, "orderId": order_id(rest), "customerOrderId": rest}
    code, _, message = rest.partition(" ")
    return {"accepted": False, "error": {"code": int(code), "message": message}}


def _reply(status: int, body: object) -> Reply:
    if body is None:
        return Reply(status, {"content-type": "text/html"}, b"<html><body>error</body></html>")
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode())


_ORDER_TYPES: Final = ["LIMIT_POST_ONLY", "LIMIT", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
_BTCZAR: Final = {
    "symbol": "BTCZAR",
    "baseCurrency": "BTC",
    "quoteCurrency": "ZAR",
    "shortName": "BTC/ZAR",
    "active": True,
    "minBaseAmount": "0.00001",
    "maxBaseAmount": "20",
    "minQuoteAmount": "10",
    "maxQuoteAmount": "50000000",
    "tickSize": "1",
    "baseDecimalPlaces": "8",
    "marginTradingAllowed": True,
    "currencyPairType": "SPOT",
}
_SHIBUSDC: Final = {
    **_BTCZAR,
    "symbol": "SHIBUSDC",
    "baseCurrency": "SHIB",
    "quoteCurrency": "USDC",
    "shortName": "SHIB/USDC",
    "minBaseAmount": "44600",
    "maxBaseAmount": "2750000000",
    "minQuoteAmount": "0.59",
    "maxQuoteAmount": "50000",
    "tickSize": "0.00000001",
    "baseDecimalPlaces": "0",
}
