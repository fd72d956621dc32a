"""A recording that can be shown to others: account ids, addresses and amounts are replaced.

Ids and addresses become others of the same shape, each the same everywhere, by a key that is forgotten
afterwards. Amounts are multiplied by one factor, which keeps what follows from them: sums of trades, what
remains of an order. Prices and the public market stay as they are.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from valr_connector.core.steps import Ended
from valr_connector.model.enums import Socket
from valr_connector.net.compressed import compress, is_available
from valr_connector.net.journal import RecordedFrame, read_frames
from valr_connector.net.journal_format import frame_line, header_line
from valr_connector.net.recorded_http import REST
from valr_connector.net.recording import OWN, recorded_files
from valr_connector.net.replay import Replay
from valr_connector.protocol.decode_errors import DECODER_FAILURES

_PUBLIC: Final = ("/v1/public/", "/v1/marketdata/")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAMED_IN_PATH: Final = re.compile(r"(?<=orderid/)[^/?]+", re.IGNORECASE)
_IDS: Final = frozenset(
    {
        "accountnumber", "additional", "bankname", "email", "label", "name", "order", "paymentreference",
        "reasondescription", "reference", "trade", "transactionhash",
    }
)  # fmt: skip
"""Besides what ends in "id" or has "address" in it."""
_KEPT_IDS: Final = frozenset({"clientmsgid", "messageid", "sequenceid"})
"""Of requests, counted by ourselves and needed for a replay, or of the market."""
_AMOUNT: Final = re.compile(
    r"""(?!min|max) .* (?: amount | available | balance | fees? | inreference | inreferenceweighted
        | inreferencenet | pnl | quantity | reserved | reward | total | totalwithborrows | value )
        | executedbefore | original | remaining | reportedexecuted""",
    re.VERBOSE,
)
"""All without underscores and in lower case: the wire, REST and the steps spell them differently. One amount
that stays as it was beside one that is multiplied tells the factor, and so all others; so does one that
everybody knows, if it is multiplied, as the smallest amount that can be sent."""

_OF_ITS_LENGTH: Final = 8
"""So many attempts at a text as long as the one that it replaces; a short one has few others."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_encode_step = msgspec.json.Encoder(decimal_format="string").encode


class Anonymiser:
    """Replaces what is private.

    Args:
        key: what the replacements follow from; to be forgotten.
        factor: what amounts are multiplied by.
    """

    def __init__(self, key: bytes, factor: Decimal) -> None:
        self._key = key
        self._factor = factor
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def line(self, line: RecordedFrame) -> RecordedFrame:
        """The same line with nothing private in it."""
        if line.socket == Socket.TRADE:
            return line
        try:
            content = json.loads(line.raw, parse_float=Decimal)
            if line.socket == REST and str(content.get("path", "")).startswith(_PUBLIC):
                return line
            return line._replace(raw=_encode(self._clean(content)))
        except DECODER_FAILURES:
            return line._replace(raw=b"")  # nobody knows what it holds

    def _clean(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._clean(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._clean(each, key) for each in value]
        plain = key.replace("_", "").lower()
        if _AMOUNT.fullmatch(plain):
            return self._scaled(value)
        if not isinstance(value, str):
            return value
        if _is_id(plain):
            return self._pseudonym(value)
        text = _NAMED_IN_PATH.sub(lambda found: self._pseudonym(found[0]), value) if key == "path" else value
        return _UUID.sub(lambda found: self._pseudonym(found[0]), text) if text == value else text

    def _scaled(self, value: Any) -> Any:
        """An amount in the shape that it had."""
        if value is None or isinstance(value, bool):
            return value
        try:
            scaled = Decimal(value) * self._factor
        except (InvalidOperation, TypeError, ValueError):
            return value
        return f"{scaled:f}" if isinstance(value, str) else scaled

    def _pseudonym(self, text: str) -> str:
        """Another text of the same shape: the same for the same text, and another one for any other."""
        found = self._given.get(text)
        if found is not None:
            return found
        found = next(other for other in self._others(text) if other not in self._taken)
        self._given[text] = found
        self._taken.add(found)
        return found

    def _others(self, text: str) -> Iterator[str]:
        """Texts that could stand for this one, of its length at first."""
        for attempt in count():
            digest = hmac.digest(self._key, f"{attempt} {text}".encode(), "sha256")
            stream = iter(digest * (len(text) // len(digest) + 1))
            other = "".join(_like(character, next(stream)) for character in text)
            yield other + "x" * (attempt // _OF_ITS_LENGTH)


def anonymise(directory: Path, anonymiser: Anonymiser) -> None:
    """Replace a recording by one with nothing private in it, which replays to a state of its own.

    Nothing is replaced before all of it is there, for an amount as it was beside one that is multiplied tells
    the factor: where that fails, the recording is as it was.

    Raises:
        RecordingError: a line is damaged.
        OSError: a file cannot be read or written.
    """
    before, after = Replay(), Replay()
    files = recorded_files(directory)
    with TemporaryDirectory(prefix="anonymised-", dir=directory) as unfinished:
        cleaned: list[Path] = []
        for path in files:
            target = Path(unfinished, path.name.partition(".")[0] + ".jsonl")
            with target.open("wb") as file:
                file.write(header_line(""))
                file.writelines(map(frame_line, _cleaned(path, anonymiser.line, before, after)))
            cleaned.append(compress(target) if is_available() else target)
        replaced = [path.replace(directory / path.name) for path in cleaned]
    for path in files:
        if path not in replaced:
            path.unlink()


def _cleaned(
    path: Path, clean: Callable[[RecordedFrame], RecordedFrame], before: Replay, after: Replay
) -> Iterator[RecordedFrame]:
    for line in read_frames(path):
        before.take(line)
        cleaned = clean(line)
        if line.socket == OWN and before.recorded_digest is not None:
            is_same = before.digest == before.recorded_digest
            ended = Ended(after.digest if is_same else before.recorded_digest)
            cleaned = line._replace(raw=_encode_step(ended))
        after.take(cleaned)
        yield cleaned


def _is_id(plain: str) -> bool:
    if plain in _KEPT_IDS:
        return False
    return plain in _IDS or plain.endswith("id") or "address" in plain


def _like(character: str, number: int) -> str:
    if character.isdigit():
        return str(number % 10)
    if character in "abcdef":
        return "abcdef"[number % 6]
    if character.isalpha() and character.isascii():
        letter = chr(ord("a") + number % 26)
        return letter.upper() if character.isupper() else letter
    return character
