"""Bytes that did not decode as a known frame: a sign of life, an unknown type, or malformed (S10)."""

from __future__ import annotations

from types import UnionType
from typing import Any, get_args

import msgspec
from msgspec import Struct

from valr_connector.protocol.control_frames import KeepAliveFrame, UnknownFrame
from valr_connector.protocol.decode_errors import DECODER_FAILURES, refuse


class _Envelope(Struct):
    type: Any = None
    client_msg_id: Any = msgspec.field(name="clientMsgId", default=None)


_envelope = msgspec.json.Decoder(_Envelope)


def frame_types(union: UnionType) -> frozenset[str]:
    """The "type" of every frame in a union of frames."""
    return frozenset(str(frame.__struct_config__.tag) for frame in get_args(union))


def second_look(raw: bytes, error: Exception, known: frozenset[str]) -> KeepAliveFrame | UnknownFrame:
    """What `raw` is, if not malformed.

    Args:
        raw: the bytes as received.
        error: what the decoder raised.
        known: the types that the decoder knows.

    Raises:
        DecodeError: the bytes are no frame, or a known frame with a field that breaks the protocol.
    """
    if raw.strip() in (b"", b'""'):
        return KeepAliveFrame()
    try:
        envelope = _envelope.decode(raw)
    except DECODER_FAILURES:
        refuse("?", raw, error)
    if not isinstance(envelope.type, str):
        refuse("?", raw, error)
    if envelope.type in known:
        refuse(envelope.type, raw, error)
    msg_id = envelope.client_msg_id
    return UnknownFrame(envelope.type, raw, msg_id if isinstance(msg_id, str) else None)
