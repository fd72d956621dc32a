"""REST about subaccounts, and money that moves between them (protocol 12)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.simulator.answers import Answer, ok
from valr_connector.simulator.authentication import TRADE, TRANSFER, VIEW
from valr_connector.simulator.exact import EXACT, step_of
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_requests import account_label, account_named, invalid_field, transfer
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.vocabulary import PRIMARY_ACCOUNT, Rejection, TransferOrder
from valr_connector.simulator.wire import currency_of

_FIRST_ID = 900_000_000_000_000_000
"""Beyond 2**53, as VALR's are (protocol 5)."""


class SubaccountRest:
    """The primary account's view of its subaccounts. Those for customers, who need papers, are not here."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table. A subaccount's own key may transfer, out of its account."""
        one, all_ = "/v1/account/subaccount", "/v1/account/subaccounts"
        return (
            Route("GET", all_, cls, cls._list, VIEW, is_primary_only=True),
            Route("GET", f"{one}/{{id}}", cls, cls._show, VIEW, is_primary_only=True),
            Route("POST", one, cls, cls._register, TRADE, is_primary_only=True),
            Route("PUT", one, cls, cls._rename, TRADE, is_primary_only=True),
            Route("DELETE", one, cls, cls._delete, TRADE, is_primary_only=True),
            Route("POST", f"{all_}/transfer", cls, cls._transfer, TRANSFER),
        )

    async def _list(self, _call: Call) -> Answer:
        return ok([{"label": label, "id": account_id} for account_id, label in self._floor.labels().items()])

    async def _show(self, call: Call) -> Answer:
        account_id = call.path["id"]
        return ok({"id": account_id, "label": self._label_of("id", account_id)})

    async def _register(self, call: Call) -> Answer:
        if call.query.get("isProprietarySubAccount", "true").lower() != "true":
            raise invalid_field("isProprietarySubAccount", "not supported")
        label = self._free(account_label(call.body()))
        account_id = str(_FIRST_ID + self._floor.rng.getrandbits(56))
        venue = self._floor.venue
        maker, taker, simple = venue.fees(PRIMARY_ACCOUNT)
        venue.open_account(
            account_id, {}, maker_percent=maker, taker_percent=taker, simple_percent=simple, label=label
        )
        return ok({"id": account_id})

    async def _rename(self, call: Call) -> Answer:
        body = call.body()
        account_id, label = account_named(body), account_label(body)
        if label != self._label_of("id", account_id):
            self._floor.venue.rename_account(account_id, self._free(label))
        return Answer(202)

    async def _delete(self, call: Call) -> Answer:
        account_id = account_named(call.body())
        self._label_of("id", account_id)
        if account_id == PRIMARY_ACCOUNT:
            raise invalid_field("id", "must be that of a subaccount")
        venue = self._floor.venue
        if any(not wallet.is_empty for wallet in venue.wallets(account_id)):
            raise Rejection(-11163, "Cannot disable sub account with balances")
        venue.close_account(account_id)
        return Answer(204)

    async def _transfer(self, call: Call) -> Answer:
        order = transfer(call.body())
        self._check_transfer(call, order)
        return ok({"id": self._floor.desk.transfer(order)}, 202)

    def _check_transfer(self, call: Call, order: TransferOrder) -> None:
        self._label_of("fromId", order.sender)
        self._label_of("toId", order.receiver)
        if order.sender != call.account_id and not (
            call.caller.is_primary and call.account_id == PRIMARY_ACCOUNT
        ):
            raise transfer_not_permitted()
        if order.sender == order.receiver:
            raise invalid_field("toId", "must be another account")
        pairs = self._floor.venue.pairs.values()
        if not any(order.money.currency in (pair.base, pair.quote) for pair in pairs):
            raise invalid_field("currencyCode", "must be a listed currency")
        if EXACT.remainder(order.money.amount, step_of(currency_of(order.money.currency).decimals)):
            raise Rejection(-11, "Too many decimals", status=403)
        if order.allow_borrow:
            raise Rejection(-19213, "Margin not enabled for account")
        self._floor.venue.check_transfer(order)

    def _label_of(self, field: str, account_id: str) -> str:
        label = self._floor.labels().get(account_id)
        if label is None:
            raise invalid_field(field, "must be the id of an account")
        return label

    def _free(self, label: str) -> str:
        if label in self._floor.labels().values():
            raise Rejection(-11132, "A subaccount with that label already exists", status=403)
        return label


def transfer_not_permitted() -> Rejection:
    """The key may not move money, or not out of that account (protocol 3.3)."""
    return Rejection(-11133, "Internal transfer is not permitted for this key", status=403)
