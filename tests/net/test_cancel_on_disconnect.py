"""VALR cancels everything when the account socket is lost, where that is wanted and VALR confirms it."""

from __future__ import annotations

from tests.net.trading import ACCOUNT, Desk, in_virtual_time, trading
from valr_connector import CancelOnDisconnectChanged, OrderStatus, Part, PartStatus
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.vocabulary import State

COMMAND = "CANCEL_ON_DISCONNECT"
ANSWER = of_type("CANCEL_ON_DISCONNECT_UPDATE")


def told(desk: Desk) -> list[tuple[bool, str]]:
    return [(event.is_armed, event.why_not) for event in desk.told(CancelOnDisconnectChanged)]


def shown(desk: Desk) -> PartStatus:
    return desk.valr.status[Part.CANCEL_ON_DISCONNECT]


async def armed(desk: Desk) -> None:
    await desk.until(lambda: shown(desk).ready)


@in_virtual_time
async def test_nobody_asks_for_it_unless_it_is_wanted() -> None:
    async with trading() as desk:
        assert desk.sent(COMMAND) == 0
        assert Part.CANCEL_ON_DISCONNECT not in desk.valr.status


@in_virtual_time
async def test_once_valr_confirms_it_is_told_and_shown_as_armed() -> None:
    async with trading(cancel_on_disconnect=True) as desk:
        await armed(desk)
        assert told(desk) == [(True, "")]
        assert desk.sent(COMMAND) == 1


@in_virtual_time
async def test_it_does_what_it_promises_and_is_armed_anew_on_every_connection() -> None:
    async with trading(cancel_on_disconnect=True) as desk:
        await armed(desk)
        order, stranger = await desk.buy(), desk.foreign()
        desk.drop_account_socket()
        await desk.until(lambda: not shown(desk).ready)
        assert told(desk)[-1] == (False, "the account stream is disconnected")
        await armed(desk)
        assert told(desk)[-1] == (True, "")
        assert desk.sent(COMMAND) == 2
        await desk.agreed(order)
        assert order.status is OrderStatus.CANCELLED
        assert stranger.state is State.CANCELLED


@in_virtual_time
async def test_without_an_answer_it_is_told_and_shown_as_not_armed() -> None:
    async with trading(cancel_on_disconnect=True, cancel_timeout_s=0.05) as desk:
        await armed(desk)
        desk.exchange.faults.drop_frame(ANSWER)
        desk.drop_account_socket()
        await desk.until(lambda: "answer" in shown(desk).why_not)
        assert shown(desk) == PartStatus(ready=False, why_not="VALR did not answer within 0.05 s")
        assert told(desk)[-1] == (False, "VALR did not answer within 0.05 s")
        await desk.until(lambda: desk.valr.ready)  # it is a safety net and no condition


@in_virtual_time
async def test_where_the_connection_is_lost_before_the_answer_the_next_one_is_asked() -> None:
    async with trading(cancel_on_disconnect=True, cancel_timeout_s=60) as desk:
        await armed(desk)
        desk.exchange.faults.drop_frame(ANSWER)
        desk.drop_account_socket()
        await desk.until(lambda: desk.sent(COMMAND) == 2)
        desk.drop_account_socket()
        await armed(desk)
        assert desk.sent(COMMAND) == 3


@in_virtual_time
async def test_where_it_cannot_be_sent_that_is_told() -> None:
    async with trading(cancel_on_disconnect=True) as desk:
        await armed(desk)
        switch = desk.connector._cancel_on_disconnect
        assert switch is not None
        desk.drop_account_socket()
        await desk.until(lambda: not desk.connector.account.client.session.can_send)
        await switch._tell_valr(is_armed=True, within_s=1)
        assert not told(desk)[-1][0]
        assert "the account stream" not in told(desk)[-1][1]
        await armed(desk)


@in_virtual_time
async def test_an_orderly_close_takes_it_back_and_spares_other_programs_orders() -> None:
    async with trading(cancel_on_disconnect=True) as desk:
        await armed(desk)
        order, stranger = await desk.buy(), desk.foreign()
        report = await desk.valr.close()
        assert report.is_clean
        assert told(desk)[-1] == (False, "VALR says that it is off")
        assert (desk.at_venue(order).state, stranger.state) == (State.CANCELLED, State.PLACED)


@in_virtual_time
async def test_closing_under_leave_takes_it_back() -> None:
    async with trading(cancel_on_disconnect=True, on_close="leave") as desk:
        await armed(desk)
        order = await desk.buy()
        await desk.valr.close()
        assert desk.at_venue(order).state is State.PLACED


@in_virtual_time
async def test_what_closing_could_not_cancel_is_left_to_it() -> None:
    async with trading(cancel_on_disconnect=True, cancel_attempts=1) as desk:
        await armed(desk)
        order = await desk.buy()
        desk.exchange.faults.swallow_command(of_type("CANCEL_LIMIT_ORDER"))
        report = await desk.valr.close()
        assert report.remaining == (order,)
        await desk.until(lambda: not desk.exchange.venue.open_orders(ACCOUNT))


@in_virtual_time
async def test_closing_without_an_answer_does_not_wait_long() -> None:
    async with trading(cancel_on_disconnect=True, close_timeout_s=0.5) as desk:
        await armed(desk)
        desk.exchange.faults.drop_frame(ANSWER)
        await desk.valr.close()
        assert told(desk)[-1] == (False, "VALR did not answer within 0.05 s")


@in_virtual_time
async def test_closing_takes_back_what_valr_never_confirmed() -> None:
    async with trading(cancel_on_disconnect=True, on_close="leave", cancel_timeout_s=0.05) as desk:
        await armed(desk)
        desk.exchange.faults.drop_frame(ANSWER)
        desk.drop_account_socket()
        await desk.until(lambda: "answer" in shown(desk).why_not)
        await desk.until(lambda: desk.valr.ready)
        order = await desk.buy()
        await desk.valr.close()
        assert desk.at_venue(order).state is State.PLACED
