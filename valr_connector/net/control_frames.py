"""The frames that a connection itself waits for, among all that come in: AUTHENTICATED, a refusal, PONG."""

from __future__ import annotations

from typing import Final

import msgspec

from valr_connector.protocol.decode_errors import DECODER_FAILURES

_LONGEST: Final = 256


class ControlFrame(msgspec.Struct):
    """As much of a frame as concerns the connection."""

    type: str = ""
    message: str = ""


_decoder = msgspec.json.Decoder(ControlFrame)


def read_control(raw: bytes) -> ControlFrame | None:
    """A frame as one of these; None where it is too long for one, or no JSON object."""
    if len(raw) > _LONGEST:
        return None
    try:
        return _decoder.decode(raw)
    except DECODER_FAILURES:
        return None
