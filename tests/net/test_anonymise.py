"""A recording with nothing private in it any more."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from tests.net.trading import trading
from valr_connector.core.steps import Ended
from valr_connector.errors import RecordingError
from valr_connector.model.enums import Socket
from valr_connector.net.anonymise import Anonymiser, anonymise
from valr_connector.net.journal import Direction, RecordedFrame
from valr_connector.net.recorded_http import REST
from valr_connector.net.recording import OWN, Recording, read_recording
from valr_connector.net.replay import Replay

D = Decimal
ANONYMISER = Anonymiser(b"key", D("1.5"))


def cleaned(content: object, socket: str = Socket.ACCOUNT.value) -> object:
    line = RecordedFrame(1, Direction.IN, 0, 0, socket, 1, orjson.dumps(content))
    return orjson.loads(ANONYMISER.line(line).raw)


async def test_a_session_without_names_and_amounts_still_replays_to_its_own_end(tmp_path: Path) -> None:
    async with trading(record=tmp_path) as desk:
        order = await desk.buy("900001", client_order_id="my-secret-strategy-1")
        desk.rival("sell", "0.004", "900001")
        await desk.until(lambda: order.executed_amount == D("0.004") and order.has_all_fills)
        await desk.valr.cancel_order(order)
        exchange_order_id = order.exchange_order_id
    anonymise(tmp_path, ANONYMISER)
    replay, private = Replay(), 0
    for line in read_recording(tmp_path):
        replay.take(line)
        if line.socket != Socket.TRADE:  # what everybody sees stays
            private += (exchange_order_id or "").encode() in line.raw or b"my-secret" in line.raw
    (other,) = replay.orders()
    assert private == 0
    assert (other.amount, other.executed_amount, other.price) == (D("0.015"), D("0.006"), D(900001))
    assert other.has_all_fills
    assert replay.digest == replay.recorded_digest


def test_the_same_id_is_replaced_by_the_same_one_of_its_shape_everywhere() -> None:
    uuid = "01a0c450-6c39-7000-a9b2-5ba5790cb602"
    frame = cleaned({"orderId": uuid, "failedReason": f"order {uuid} is gone", "side": "buy"})
    assert isinstance(frame, dict)
    replaced = frame["orderId"]
    assert replaced != uuid
    assert [len(part) for part in replaced.split("-")] == [8, 4, 4, 4, 12]
    assert (frame["failedReason"], frame["side"]) == (f"order {replaced} is gone", "buy")
    call = cleaned({"method": "GET", "path": f"/v1/orders/BTCZAR/orderid/{uuid}?x=1"}, REST)
    assert call == {"method": "GET", "path": f"/v1/orders/BTCZAR/orderid/{replaced}?x=1"}


@pytest.mark.parametrize(
    ("amount", "scaled"),
    [
        ("0.02", "0.030"),
        (2, 3.0),
        (None, None),
        (True, True),
        ("all", "all"),
        ({"amount": "2"}, {"amount": "3.0"}),
    ],
)
def test_an_amount_keeps_its_shape(amount: object, scaled: object) -> None:
    assert cleaned({"available": [amount]}) == {"available": [scaled]}


def test_no_amount_is_left_beside_others_to_tell_the_factor() -> None:
    amounts = (
        "executedFee", "totalInReferenceWeighted", "borrowReserved", "borrowCollateralReserved", "fees",
        "availableInReference", "totalSessionEntryQuantity", "totalSessionValue", "realisedPnl",
        "unrealisedPnl", "fundingAmount", "positionTotal", "receiveAmount", "totalBorrowedInReference",
    )  # fmt: skip
    assert cleaned(dict.fromkeys(amounts, "2")) == dict.fromkeys(amounts, "3.0")
    known = {"averageEntryPrice": "2", "feeCurrency": "BTC", "minimumWithdrawAmount": "2", "riskLimit": "2"}
    assert cleaned(known) == known


def test_ids_that_are_no_uuids_are_replaced_but_for_those_that_a_replay_needs() -> None:
    ids = {"transferId": "95513", "positionId": "p-1", "allowedIpAddressCidr": "203.0.113.7/32"}
    replaced = cleaned(ids | {"clientMsgId": "c-1"})
    assert isinstance(replaced, dict)
    assert replaced["clientMsgId"] == "c-1"
    assert not [name for name, value in ids.items() if replaced[name] == value]


@pytest.mark.parametrize("path", ["/v1/public/pairs", "/v1/marketdata/BTCZAR/orderbook"])
def test_what_is_public_stays_and_what_cannot_be_read_goes(path: str) -> None:
    public = {"method": "GET", "path": path, "body": [{"id": "x", "amount": "1"}]}
    assert cleaned(public, REST) == public
    assert cleaned({"id": "x"}, Socket.TRADE.value) == {"id": "x"}


@pytest.mark.parametrize(
    "raw",
    [
        b"{my secret",
        b"[" * 100_000,
        b'{"id":"my secret \\ud800"}',
        b'{"amount":1e99999999999999999999}',
        b'{"amount":"9e999999999999999999"}',
    ],
    ids=["no JSON", "too deep", "half a pair", "too large", "too large as text"],
)
def test_of_what_cannot_be_read_or_replaced_nothing_is_left(raw: bytes) -> None:
    line = RecordedFrame(1, Direction.IN, 0, 0, Socket.ACCOUNT.value, 1, raw)
    assert ANONYMISER.line(line).raw == b""


async def test_a_session_that_does_not_replay_does_not_do_so_afterwards_either(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.note_step(Ended("of another session"))
    await recording.close()
    anonymise(tmp_path, ANONYMISER)
    (line,) = read_recording(tmp_path)
    assert (line.socket, orjson.loads(line.raw)) == (OWN, {"step": "ended", "digest": "of another session"})


def files_in(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


async def test_a_recording_of_which_a_part_is_damaged_stays_as_it_is(tmp_path: Path) -> None:
    """One amount beside the same one multiplied would tell the factor."""
    recording = Recording(tmp_path, largest=1)
    recording.start()
    for _ in range(2):
        recording.note(Direction.IN, "account", b'{"amount":"1"}')
    await recording.close()
    (tmp_path / "recording-000002.jsonl.zst").write_bytes(b"damaged")
    before = files_in(tmp_path)
    with pytest.raises(RecordingError):
        anonymise(tmp_path, ANONYMISER)
    assert files_in(tmp_path) == before


def test_short_ids_are_replaced_by_different_ones_too() -> None:
    frame = cleaned([{"id": str(number)} for number in range(10)] + [{"id": "a"}, {"id": "B"}])
    assert isinstance(frame, list)
    assert len({entry["id"] for entry in frame}) == 12
