"""The recordings, through the real decoder, router and tracker: states and events, however frames arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import orjson
import pytest

from tests.replay import arrivals
from tests.replay.record import FRAMES, paths
from tests.replay.replay import Replay
from tests.replay.story import Expected, order_events
from valr_connector.core.account_state import AccountState
from valr_connector.errors import DecodeError
from valr_connector.net.journal import Direction, RecordedFrame, read_frames
from valr_connector.protocol.frames import decode_account_frame

NAMES = sorted(path.stem for path in FRAMES.glob("*.jsonl"))
CORPUS = Path(__file__).parents[3] / "shared" / "frames"
"""Sample frames of the protocol, where they are at hand."""


def recording(name: str) -> tuple[list[RecordedFrame], Expected]:
    frames, expected = paths(FRAMES, name)
    return list(read_frames(frames)), Expected.read(expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_leads_to_the_states_and_events_written_beside_it(name: str) -> None:
    frames, expected = recording(name)

    assert Replay().feed(frames) == expected


@pytest.mark.parametrize("name", NAMES)
def test_frames_that_arrive_twice_change_nothing_and_tell_no_order_event_again(name: str) -> None:
    frames, expected = recording(name)

    outcome = Replay().feed(arrivals.twice(frames))

    assert outcome.orders == expected.orders
    assert outcome.balances == expected.balances
    assert order_events(outcome.events) == order_events(expected.events)


@pytest.mark.parametrize("name", NAMES)
def test_the_final_state_of_an_order_does_not_depend_on_the_order_of_arrival(name: str) -> None:
    frames, expected = recording(name)

    for variant in [
        *arrivals.swapped(frames),
        *arrivals.late(frames),
        arrivals.replies_last(frames),
        arrivals.replies_first(frames),
        arrivals.backwards(frames),
    ]:
        assert Replay().feed(variant).orders == expected.orders, [frame.seq for frame in variant]


@pytest.mark.parametrize("name", NAMES)
def test_an_event_that_comes_after_its_time_contradicts_nothing(name: str) -> None:
    frames, _ = recording(name)

    for variant in arrivals.late(frames):
        asked = {question["reason"] for question in Replay().feed(variant).questions}
        assert "CONTRADICTION" not in asked, [frame.seq for frame in variant]


def test_every_sequence_of_protocol_19_2_is_recorded() -> None:
    cases = {
        "place, rests": {"place_rests", "place_rests_with_placed_status"},
        "partial fill": {"partial_fill"},
        "full fill": {"full_fill", "full_fill_as_taker", "market_by_base", "market_by_quote"},
        "cancel": {"cancel", "cancel_after_a_partial_fill"},
        "cancel too late": {"cancel_too_late"},
        "reject at validation": {
            "refused_at_validation_by_an_error_reply",
            "refused_at_validation_by_an_invalid_frame",
        },
        "reject at exchange": {
            "refused_by_the_engine_in_order_processed",
            "refused_by_the_engine_in_failed_order",
            "refused_by_the_engine_in_three_frames",
        },
        "post-only would cross": {"post_only_would_cross"},
        "IOC nothing matched": {"ioc_nothing_matched"},
        "IOC partly matched": {"ioc_partly_matched"},
        "FOK not fillable": {"fok_not_fillable"},
        "modify accepted": {"modify_accepted"},
        "modify refused": {"modify_refused", "modify_refused_and_cancelled"},
        "rate limited": {"rate_limited"},
        "v2 REST place": {"place_by_rest_v2"},
        "cancel all": {"cancel_all_by_rest", "cancel_all_on_the_socket"},
        "liquidation / exchange cancel": {"cancelled_by_the_exchange"},
    }

    assert {case for case, names in cases.items() if not names <= set(NAMES)} == set()


@pytest.mark.parametrize(
    "path", [*FRAMES.glob("*.jsonl"), *CORPUS.glob("account_*.jsonl")], ids=lambda p: p.stem
)
def test_the_router_takes_every_account_frame_that_decodes(path: Path) -> None:
    router = AccountState().router
    # Samples hold typos, which are told apart elsewhere; a recording of our own holds none.
    tolerance = nullcontext() if path.parent == FRAMES else suppress(DecodeError)

    for raw in inbound_frames(path):
        with tolerance:
            router.route(decode_account_frame(raw), now=1)


def inbound_frames(path: Path) -> Iterator[bytes]:
    """Account frames from the exchange, of a recording or of a file of samples (protocol 22)."""
    if path.parent == FRAMES:
        frames = read_frames(path)
        yield from (f.raw for f in frames if f.direction is Direction.IN and f.socket == "account")
    elif not path.stem.endswith("_commands"):
        for line in path.read_bytes().splitlines():
            yield orjson.dumps(orjson.loads(line)["frame"])
