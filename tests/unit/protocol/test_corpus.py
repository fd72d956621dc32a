"""The frame corpus (protocol 22), where it lies beside the repository, and a few of its facts without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from valr_connector.errors import DecodeError
from valr_connector.protocol.command_frames import decode_command
from valr_connector.protocol.control_frames import UnknownFrame
from valr_connector.protocol.frames import (
    BalanceUpdateFrame,
    KeepAliveFrame,
    NewAccountTradeFrame,
    decode_account_frame,
    decode_trade_frame,
)

CORPUS = Path(__file__).parents[4] / "shared" / "frames"


class _Record(msgspec.Struct):
    channel: str
    frame: msgspec.Raw
    note: str = ""


def _records() -> Iterator[tuple[str, bytes, str]]:
    for path in sorted(CORPUS.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            record = msgspec.json.decode(line, type=_Record)
            kind = "command" if path.stem.endswith("_commands") else record.channel
            yield kind, bytes(record.frame), record.note


RECORDS = list(_records())
DECODERS: dict[str, Any] = {
    "account": decode_account_frame,
    "trade": decode_trade_frame,
    "command": decode_command,
}
SOCKET = [record for record in RECORDS if record[0] in DECODERS]


def test_every_frame_of_the_corpus_is_typed_but_those_noted_as_typos() -> None:
    for kind, raw, note in SOCKET:
        if "typo" in note and "corrected" not in note:
            with pytest.raises(DecodeError, match="not a plain decimal number"):
                DECODERS[kind](raw)
        else:
            assert not isinstance(DECODERS[kind](raw), UnknownFrame | KeepAliveFrame), raw


def test_a_frame_survives_any_order_and_spacing_of_its_keys() -> None:
    for kind, raw, note in SOCKET:
        if "typo" in note:
            continue
        frame = orjson.loads(raw)
        spaced = orjson.dumps(dict(reversed(frame.items())), option=orjson.OPT_INDENT_2)
        assert DECODERS[kind](spaced) == DECODERS[kind](raw)


def test_the_artefacts_of_a_capture_are_tolerated() -> None:
    raw = (
        b'{"type":"BALANCE_UPDATE","data":{"currency":{"symbol":"R","isActive":"True","shortName":"ZAR",'
        b'"collateral":"True"},"available":"1022.05","reserved":"10","total":"1032.05"}}'
    )
    frame = decode_account_frame(raw)
    assert isinstance(frame, BalanceUpdateFrame)
    assert frame.rows[0].currency_code == "ZAR"


def test_a_typo_of_the_published_samples_is_refused_and_its_correction_is_not() -> None:
    raw = (
        b'{"type":"NEW_ACCOUNT_TRADE","data":{"price":"114,953","quantity":"0.0001",'
        b'"currencyPair":"BTCUSDT","tradedAt":"2025-10-28T07:13:21.635Z","side":"buy"}}'
    )
    with pytest.raises(DecodeError, match="114,953"):
        decode_account_frame(raw)
    assert isinstance(decode_account_frame(raw.replace(b"114,953", b"114953")), NewAccountTradeFrame)
