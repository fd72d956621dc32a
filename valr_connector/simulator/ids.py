"""UUIDv7 text from an explicit time and an explicit source of randomness.

VALR's newer ids are time-ordered UUIDs (protocol 5). The same clock and seed give the same ids.
"""

from __future__ import annotations

from random import Random

_VERSION_7 = 7
_VARIANT = 0b10
_NS_PER_MS = 1_000_000


def uuid7_text(now_ns: int, rng: Random) -> str:
    """Id made at `now_ns` (nanoseconds since 1970); ids of different microseconds sort by time."""
    milliseconds, rest_ns = divmod(now_ns, _NS_PER_MS)
    sub_millisecond = (rest_ns << 12) // _NS_PER_MS
    number = (
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | _VERSION_7 << 76
        | sub_millisecond << 64
        | _VARIANT << 62
        | rng.getrandbits(62)
    )
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
