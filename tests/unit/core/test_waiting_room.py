"""Evidence for unknown ids waits in order, for a while, and never in greater number than there are seats."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.builders import said
from valr_connector.core.evidence import Evidence, Says
from valr_connector.core.waiting_room import WaitingRoom


def about(exchange_order_id: str, second: float = 1) -> Evidence:
    return said(Says.PROCESSED, client_order_id=None, exchange_order_id=exchange_order_id, at_second=second)


def test_evidence_is_claimed_by_its_id_in_order_of_arrival() -> None:
    room = WaitingRoom(capacity=10, patience=10)
    first, other, second = about("a", 1), about("b", 2), about("a", 3)
    for evidence in (first, other, second):
        room.wait(evidence.exchange_order_id or "", evidence, now=0)
    assert room.claim("a") == [first, second]
    assert len(room) == 1


def test_evidence_is_claimed_once() -> None:
    room = WaitingRoom(capacity=10, patience=10)
    room.wait("a", about("a"), now=0)
    room.claim("a")
    assert room.claim("a") == []


def test_nothing_waits_for_an_id_that_was_never_named() -> None:
    assert WaitingRoom(capacity=10, patience=10).claim("a") == []


def test_evidence_leaves_when_its_patience_is_over_and_not_before() -> None:
    room = WaitingRoom(capacity=10, patience=10)
    early, late = about("a", 1), about("a", 2)
    room.wait("a", early, now=0)
    room.wait("a", late, now=5)
    assert room.expire(now=10) == []
    assert room.expire(now=11) == [early]
    assert room.claim("a") == [late]


def test_the_oldest_leaves_when_there_are_too_many() -> None:
    room = WaitingRoom(capacity=2, patience=10)
    for name in ("a", "b", "c"):
        room.wait(name, about(name), now=0)
    assert room.expire(now=0) == [about("a")]
    assert len(room) == 2


def test_claimed_evidence_takes_no_seat() -> None:
    room = WaitingRoom(capacity=2, patience=10)
    for _ in range(3):
        room.wait("a", about("a"), now=0)
        room.claim("a")
    room.wait("b", about("b"), now=0)
    assert room.expire(now=0) == []
    assert room.claim("b") == [about("b")]


def test_an_id_can_wait_again_after_it_was_claimed() -> None:
    room = WaitingRoom(capacity=10, patience=10)
    same = about("a")
    room.wait("a", same, now=0)
    room.claim("a")
    room.wait("a", same, now=8)
    assert room.expire(now=11) == []
    assert room.expire(now=19) == [same]


steps = st.lists(
    st.tuples(st.sampled_from(["wait", "claim", "expire"]), st.sampled_from("abc"), st.integers(0, 4)),
    max_size=60,
)


@given(steps)
def test_evidence_is_claimed_or_handed_back_exactly_once_and_never_exceeds_the_seats(
    steps: list[tuple[str, str, int]],
) -> None:
    room = WaitingRoom(capacity=5, patience=10)
    now, waited, left = 0, 0, 0
    for what, exchange_order_id, passed in steps:
        now += passed
        if what == "wait":
            room.wait(exchange_order_id, about(exchange_order_id), now)
            waited += 1
        elif what == "claim":
            left += len(room.claim(exchange_order_id))
        left += len(room.expire(now))
        assert len(room) <= 5
        assert len(room) == waited - left
    left += len(room.expire(now + 11))
    assert (len(room), left) == (0, waited)
    assert not room._by_id  # nor is an id remembered that nothing waits for
