"""From frames to what they mean: a table from the frame's type to its handler.

A handler turns the frame into evidence, balances or an event and returns what there is to tell. Nothing
is decided about an order here; that is the lifecycle's part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from valr_connector.core.balances import Balances
from valr_connector.core.commands import CommandKind, CommandLedger, SentCommand
from valr_connector.core.evidence import (
    Evidence,
    Says,
    Source,
    fill_evidence,
    listed_evidence,
    report_evidence,
    status_evidence,
)
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.placement import SAYS, fate_of_refusal
from valr_connector.core.reconcile import Question, Questions
from valr_connector.core.sightings import Sightings
from valr_connector.core.steps import Connected, Listed, Listener, Told, unheard
from valr_connector.core.strangers import StrangerPolicy, Strangers, adopted, untracked
from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.enums import Socket, UntrackedPolicy
from valr_connector.model.events import (
    AccountActivity,
    CancelOnDisconnectChanged,
    Event,
    UnknownFrameReceived,
    UnrecognisedStatus,
)
from valr_connector.model.ids import ClientOrderId
from valr_connector.protocol import frames as f
from valr_connector.protocol.account_frames import OrderFailureData
from valr_connector.protocol.reply_frames import Refusal, ReplyError
from valr_connector.protocol.rows import OpenOrderRow, OrderReport
from valr_connector.protocol.spellings import is_true

_PLACING = (CommandKind.PLACE_LIMIT, CommandKind.PLACE_MARKET)
_ALL_KINDS = tuple(CommandKind)
_RATE_LIMITED = ReplyError(code=None, message="rate limit exceeded; VALR did not execute it")
_ACTIVITIES: Mapping[type, str] = {
    kind: str(kind.__struct_config__.tag) for kind in (*get_args(f.WalletFrame), *get_args(f.PositionFrame))
}
_LIFE_SIGNS: tuple[type, ...] = (
    f.AuthenticatedFrame,
    f.KeepAliveFrame,
    f.PongFrame,
    f.SubscribedFrame,
    f.UnsubscribedFrame,
)


# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each frame.
_PROCESSED, _FAILED, _ACCEPTED, _UNRECOGNISED = Says.PROCESSED, Says.FAILED, Says.ACCEPTED, Says.UNRECOGNISED
_STREAM, _SNAPSHOT, _REPLY = Source.STREAM, Source.SNAPSHOT, Source.REPLY

_WITHOUT_AN_OUTCOME = frozenset({Says.PLACEMENT_UNKNOWN, Says.CANCEL_UNKNOWN, Says.MODIFY_UNKNOWN})

_Activity = f.WalletFrame | f.PositionFrame
Complaint = f.ErrorFrame | f.UnauthorizedFrame | f.UnsupportedFrame | f.RateLimitExceededFrame
_OrderNotice = f.FailedOrderFrame | f.FailedCancelOrderFrame | f.GuessedFrame


class EventRouter:
    """Routes each frame of the account socket to what it concerns.

    Attributes:
        handlers: each takes a frame of its type, and the time, and returns the events to tell, in order.
        unknown: how many frames of each unknown type came in.
        unrecognised: how often each order status came in that nobody knows.
        on_step: told of everything that did not come in a frame.
        on_complaint: told of each frame that says that something here is amiss, before it is handled.
    """

    def __init__(
        self,
        tracker: OrderTracker,
        balances: Balances,
        ledger: CommandLedger,
        questions: Questions,
        *,
        rules: TradingRules | None = None,
        strangers: StrangerPolicy | None = None,
    ) -> None:
        self._tracker = tracker
        self._balances = balances
        self._ledger = ledger
        self._questions = questions
        self._rules = TradingRules() if rules is None else rules
        self._strangers = Strangers(patience=10 * SECOND)
        self._stranger_policy = strangers or StrangerPolicy()
        self._epoch = 0
        self.on_step: Listener = unheard
        self.on_complaint: Callable[[Complaint], None] = _unheard
        self._unknown = Sightings()
        self._unrecognised = Sightings()
        self.unknown: Mapping[str, int] = self._unknown.counts
        self.unrecognised: Mapping[str, int] = self._unrecognised.counts
        self.handlers: Mapping[type, Callable[[Any, int], Sequence[Event]]] = {
            f.OrderStatusUpdateFrame: self._on_status,
            f.OrderProcessedFrame: self._on_processed,
            f.OrderPlacedFrame: self._on_placed,
            f.OrderFailedFrame: self._on_failed,
            f.OrderRejectedFrame: self._on_failed,
            f.FailedOrderFrame: self._on_failed,
            f.NewAccountTradeFrame: self._on_trade,
            f.OpenOrdersUpdateFrame: self._on_open_orders,
            f.BalanceUpdateFrame: self._on_balance,
            f.CancelOrderSuccessFrame: self._on_cancel_success,
            f.CancelOrderFailedFrame: self._on_cancel_failed,
            f.FailedCancelOrderFrame: self._on_cancel_failed,
            f.ModifyOrderOutcomeFrame: self._on_modify_outcome,
            f.PlaceLimitResponseFrame: self._on_place_reply,
            f.PlaceMarketResponseFrame: self._on_place_reply,
            f.CancelOrderResponseFrame: self._on_cancel_reply,
            f.GuessedCancelResponseFrame: self._on_cancel_reply,
            f.ModifyOrderResponseFrame: self._on_modify_reply,
            f.InvalidPlaceLimitFrame: self._on_invalid_place,
            f.InvalidPlaceMarketFrame: self._on_invalid_place,
            f.InvalidCancelFrame: self._on_invalid_cancel,
            f.InvalidModifyFrame: self._on_invalid_modify,
            f.RateLimitExceededFrame: self._on_rate_limit,
            f.CancelOnDisconnectUpdateFrame: self._on_cancel_on_disconnect,
            f.ErrorFrame: self._on_error,
            f.UnauthorizedFrame: self._on_error,
            f.UnsupportedFrame: self._on_error,
            f.UnknownFrame: self._on_unknown,
            **dict.fromkeys(_ACTIVITIES, self._on_activity),
            **dict.fromkeys(_LIFE_SIGNS, _nothing),
        }

    @property
    def stranger_count(self) -> int:
        """Open orders in the last list that were not placed here."""
        return len(self._strangers)

    def begin_epoch(self, epoch: int) -> None:
        """The account socket is connected anew; lists from now on belong to `epoch`."""
        self.on_step(Connected(epoch))
        self._epoch = epoch

    def route(self, frame: f.AccountFrame | f.UnknownFrame, now: int) -> Sequence[Event]:
        """Hand one frame to its handler; returns the events to tell, in order."""
        return self.handlers[type(frame)](frame, now)

    def apply(self, evidence: Evidence, now: int) -> Sequence[Event]:
        """The same door for evidence that did not come in a frame: our own steps and REST answers."""
        self.on_step(Told(evidence))
        if evidence.says in _WITHOUT_AN_OUTCOME and evidence.client_order_id is not None:
            self._ledger.overdue(ClientOrderId(evidence.client_order_id))
        return self._tracker.apply(evidence, now)

    def report(self, row: OrderReport, now: int, asked_at: int) -> Sequence[Event]:
        """VALR's answer to a question about one order, put at `asked_at`."""
        evidence = report_evidence(row, Source.QUERY, asked_at)
        self.on_step(Told(evidence))
        events = self._tracker.apply(evidence, now)
        return events if evidence.says is not _UNRECOGNISED else (*events, *self._unrecognised_status(row))

    def _unrecognised_status(self, row: OrderReport) -> Sequence[Event]:
        text = self._unrecognised.see(row.status_text)
        return () if text is None else (UnrecognisedStatus(text),)

    def note_question(self, order: OrderRecord, question: Question, now: int) -> None:
        """VALR is about to be asked about an order."""
        self._tracker.note_question(order, question.reason, question.attempt, now)

    # --- reports -----------------------------------------------------------------------------------

    def _on_status(self, frame: f.OrderStatusUpdateFrame, now: int) -> Sequence[Event]:
        row = frame.data
        evidence = status_evidence(row, _STREAM)
        if evidence.says is _FAILED:
            return self._fail(evidence, now)
        events = self._tracker.apply(evidence, now)
        return events if evidence.says is not _UNRECOGNISED else (*events, *self._unrecognised_status(row))

    def _on_processed(self, frame: f.OrderProcessedFrame, now: int) -> Sequence[Event]:
        data = frame.data
        evidence = Evidence(
            _PROCESSED if data.success is True or data.succeeded else _FAILED,
            _STREAM,
            data.customer_order_id or None,
            data.order_id,
            reason=(data.failure_reason and data.reason) or "",
        )
        return self._fail(evidence, now) if evidence.says is _FAILED else self._tracker.apply(evidence, now)

    def _on_placed(self, frame: f.GuessedFrame, now: int) -> Sequence[Event]:
        return self._say_if_named(Says.PROCESSED, frame, now)

    def _on_failed(self, frame: f.FailedOrderFrame | f.GuessedFrame, now: int) -> Sequence[Event]:
        return self._say_if_named(Says.FAILED, frame, now)

    def _on_cancel_success(self, frame: f.GuessedFrame, now: int) -> Sequence[Event]:
        return self._say_if_named(Says.CANCEL_CONFIRMED, frame, now)

    def _on_cancel_failed(
        self, frame: f.FailedCancelOrderFrame | f.GuessedFrame, now: int
    ) -> Sequence[Event]:
        return self._say_if_named(Says.CANCEL_REFUSED, frame, now)

    def _on_modify_outcome(self, frame: f.ModifyOrderOutcomeFrame, now: int) -> Sequence[Event]:
        data = frame.data
        evidence = Evidence(
            says=Says.MODIFY_CONFIRMED if is_true(data.success) else Says.MODIFY_REFUSED,
            source=Source.STREAM,
            client_order_id=data.client_order_id,
            exchange_order_id=data.exchange_order_id,
            request_id=data.modify_request_id,
        )
        return self._tracker.apply(evidence, now)

    def _say_if_named(self, says: Says, frame: _OrderNotice, now: int) -> Sequence[Event]:
        """What a frame with loose contents says, if it names an order at all."""
        data = frame.data
        if not isinstance(data, OrderFailureData):
            return ()
        evidence = Evidence(
            says=says,
            source=Source.STREAM,
            client_order_id=data.client_order_id,
            exchange_order_id=data.exchange_order_id,
            reason=data.reason or "",
        )
        return self._fail(evidence, now) if says is _FAILED else self._tracker.apply(evidence, now)

    def _fail(self, evidence: Evidence, now: int) -> Sequence[Event]:
        """An order failed, or one of two attempts to place it, for the other may have its id in use.

        VALR may tell that by a failed order (protocol 6). While it is not known which attempt is the order,
        the failure of one leaves the placement unknown, and VALR is asked.
        """
        order = self._tracker.find(evidence.client_order_id)
        if order is not None and order.exchange_order_id is None and order.times_sent > 1:
            evidence = Evidence(
                Says.PLACEMENT_UNKNOWN, _STREAM, evidence.client_order_id, reason=evidence.reason
            )
        return self._tracker.apply(evidence, now)

    def _on_trade(self, frame: f.NewAccountTradeFrame, now: int) -> Sequence[Event]:
        evidence = fill_evidence(frame.data, _STREAM)
        if evidence is not None:
            return self._tracker.apply(evidence, now)
        # Whose fill this is only the pair's trade history can tell (protocol 15.7): one look serves all.
        concerned = (o for o in self._tracker.in_flight.values() if o.symbol == frame.data.pair_symbol)
        order = next(concerned, None)
        if order is not None:
            self._questions.ask(order.client_order_id, AskReason.UNATTRIBUTED_FILL, now)
        return ()

    def _on_open_orders(self, frame: f.OpenOrdersUpdateFrame, now: int) -> Sequence[Event]:
        rows = frame.data
        return self._compare(rows if isinstance(rows, list) else rows.orders, now, self._epoch)

    def note_open_orders(self, rows: Sequence[OpenOrderRow], now: int, epoch: int) -> Sequence[Event]:
        """A complete list of the account's open orders from REST."""
        self.on_step(Listed(rows, epoch))
        return self._compare(rows, now, epoch)

    def _compare(self, rows: Sequence[OpenOrderRow], now: int, epoch: int) -> Sequence[Event]:
        """One complete list of the account's open orders, from the socket or from REST."""
        events: list[Event] = []
        listed: set[str] = set()
        unknown: list[OpenOrderRow] = []
        for row in rows:
            order = self._tracker.find(row.customer_order_id or None, row.exchange_order_id)
            if order is None:
                unknown.append(row)
                continue
            listed.add(order.client_order_id)
            evidence = listed_evidence(row, _SNAPSHOT)
            events += self._tracker.apply(evidence, now)
            if evidence.says is _UNRECOGNISED:
                events += self._unrecognised_status(row)
        for row in self._strangers.note(unknown, now):
            events += self._meet(row, now, epoch)
        events += self._tracker.note_absent(listed, now, epoch)
        return events

    def _meet(self, row: OpenOrderRow, now: int, epoch: int) -> Sequence[Event]:
        """A stranger is told, and tracked where the policy wants it and VALR says enough of it.

        Of two that go by one id, which VALR should not allow, the second cannot be tracked beside the first.
        """
        handling = self._stranger_policy.handling(row)
        order = None
        if handling is not UntrackedPolicy.REPORT:
            order = adopted(row, self._rules.by_symbol(row.pair_symbol), now, epoch)
        if order is None or self._tracker.find(order.client_order_id) is not None:
            return (untracked(row, UntrackedPolicy.REPORT),)
        return (untracked(row, handling), *self._tracker.adopt(order, now))

    def _on_balance(self, frame: f.BalanceUpdateFrame, _now: int) -> Sequence[Event]:
        row = frame.data
        if not isinstance(row, list):
            return self._balances.update(row.to_balance())
        return [change for each in row for change in self._balances.update(each.to_balance())]

    def _on_activity(self, frame: _Activity, _now: int) -> Sequence[Event]:
        return (AccountActivity(_ACTIVITIES[type(frame)], frame.data),)

    def _on_cancel_on_disconnect(self, frame: f.CancelOnDisconnectUpdateFrame, _now: int) -> Sequence[Event]:
        why_not = "" if frame.is_armed else "VALR says that it is off"
        return (CancelOnDisconnectChanged(frame.is_armed, why_not),)

    # --- answers to commands -----------------------------------------------------------------------

    def _on_place_reply(self, frame: f.PlaceLimitResponseFrame, now: int) -> Sequence[Event]:
        command = self._ledger.answer(frame.client_msg_id, *_PLACING)
        receipt = frame.receipt
        if receipt is None:
            return self._refuse(command, _PLACING, frame.client_order_id, frame.reason, now)
        client_order_id = receipt.customer_order_id or (command.client_order_id if command else None)
        evidence = Evidence(_ACCEPTED, _REPLY, client_order_id, receipt.order_id)
        return self._tracker.apply(evidence, now)

    def _on_cancel_reply(self, frame: f.CancelOrderResponseFrame, now: int) -> Sequence[Event]:
        command = self._ledger.answer(frame.client_msg_id, CommandKind.CANCEL)
        client_order_id = command.client_order_id if command else frame.client_order_id
        error = frame.error
        evidence = Evidence(
            says=Says.CANCEL_RECEIVED if error is None else Says.CANCEL_REFUSED,
            source=Source.REPLY,
            client_order_id=client_order_id,
            exchange_order_id=frame.exchange_order_id,
            reason="" if error is None else error.stated,
        )
        return self._tracker.apply(evidence, now)

    def _on_modify_reply(self, frame: f.ModifyOrderResponseFrame, now: int) -> Sequence[Event]:
        kinds = (CommandKind.MODIFY,)
        command = self._ledger.answer(frame.client_msg_id, *kinds)
        error = frame.error
        if error is not None:
            return self._refuse(command, kinds, None, error, now)
        evidence = Evidence(
            says=Says.MODIFY_RECEIVED,
            source=Source.REPLY,
            client_order_id=command.client_order_id if command else frame.client_order_id,
            exchange_order_id=frame.exchange_order_id,
            request_id=frame.modify_request_id,
            asked_at=command.sent_at if command else None,
        )
        return self._tracker.apply(evidence, now)

    def _on_invalid_place(self, frame: f.InvalidPlaceLimitFrame, now: int) -> Sequence[Event]:
        return self._on_invalid(frame, _PLACING, now)

    def _on_invalid_cancel(self, frame: f.InvalidCancelFrame, now: int) -> Sequence[Event]:
        return self._on_invalid(frame, (CommandKind.CANCEL,), now)

    def _on_invalid_modify(self, frame: f.InvalidModifyFrame, now: int) -> Sequence[Event]:
        return self._on_invalid(frame, (CommandKind.MODIFY,), now)

    def _on_invalid(self, frame: Refusal, kinds: Sequence[CommandKind], now: int) -> Sequence[Event]:
        command = self._ledger.answer(frame.client_msg_id, *kinds)
        return self._refuse(command, kinds, frame.client_order_id, frame.error, now)

    def _on_error(
        self, frame: f.ErrorFrame | f.UnauthorizedFrame | f.UnsupportedFrame, now: int
    ) -> Sequence[Event]:
        self.on_complaint(frame)
        # An ERROR may be about a subscription: without a message id it answers no command.
        if frame.client_msg_id is None:
            return ()
        return self._on_invalid(frame, _ALL_KINDS, now)

    def _on_rate_limit(self, frame: f.RateLimitExceededFrame, now: int) -> Sequence[Event]:
        self.on_complaint(frame)
        named = frame.request_type
        kinds = _ALL_KINDS if named is None else [kind for kind in CommandKind if kind == named]
        command = self._ledger.answer(frame.client_msg_id, *kinds)
        return self._refuse(command, kinds, None, _RATE_LIMITED, now)

    def _refuse(
        self,
        command: SentCommand | None,
        kinds: Sequence[CommandKind],
        client_order_id: str | None,
        error: ReplyError,
        now: int,
    ) -> Sequence[Event]:
        """A command was refused. Which one decides what that says about its order, if it is certain.

        `kinds` are those that the frame can be about where the ledger does not know the command.
        """
        if command is not None:
            client_order_id, kinds = command.client_order_id, (command.kind,)
        meanings = {_REFUSAL_SAYS[kind] for kind in kinds}
        if client_order_id is None or len(meanings) > 1:
            return ()
        says = meanings.pop()
        if says is Says.REFUSED:
            if self._was_placed_again(client_order_id):
                return ()
            says = SAYS[fate_of_refusal(error.code, error.message)]
        evidence = Evidence(
            says=says,
            source=Source.REPLY,
            client_order_id=client_order_id,
            reason=error.stated_with_code,
            asked_at=command.sent_at if command else None,
        )
        return self._tracker.apply(evidence, now)

    def _was_placed_again(self, client_order_id: str) -> bool:
        """By REST, as ever: then a late refusal on the socket is of an attempt that is known to be lost."""
        order = self._tracker.find(client_order_id)
        return order is not None and order.times_sent > 1

    def _on_unknown(self, frame: f.UnknownFrame, _now: int) -> Sequence[Event]:
        kind = self._unknown.see(frame.type)
        return () if kind is None else (UnknownFrameReceived(Socket.ACCOUNT, kind),)


_REFUSAL_SAYS: Mapping[CommandKind, Says] = {
    CommandKind.PLACE_LIMIT: Says.REFUSED,
    CommandKind.PLACE_MARKET: Says.REFUSED,
    CommandKind.CANCEL: Says.CANCEL_REFUSED,
    CommandKind.MODIFY: Says.MODIFY_REFUSED,
}


def _unheard(_: Complaint) -> None:
    """Nobody listens."""


def _nothing(_frame: object, _now: int) -> Sequence[Event]:
    return ()
