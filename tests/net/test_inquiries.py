"""A question about an order that is under way is shared; an answer that is fresh enough serves again."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.core.builders import NOW, new_order
from valr_connector.core.order_record import OrderRecord
from valr_connector.net import inquiries
from valr_connector.net.inquiries import Inquiries


class Clerk:
    """Answers when told to, and counts what was asked."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked: list[str] = []
        self.answers: list[asyncio.Future[bool]] = []
        self.inquiries = Inquiries(self._ask, lambda: self.now)
        self.order = new_order()

    async def _ask(self, order: OrderRecord) -> bool:
        self.asked.append(order.client_order_id)
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return await answer

    async def begin(self, order: OrderRecord | None = None) -> asyncio.Task[bool]:
        """Somebody asks, and comes as far as he can."""
        task = asyncio.ensure_future(self.inquiries.ask(order or self.order))
        await settle()
        return task


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("answer", [True, False])
async def test_whoever_asks_meanwhile_shares_the_answer(answer: bool) -> None:
    clerk = Clerk()
    asking = [await clerk.begin() for _ in range(3)]
    assert len(clerk.asked) == 1
    clerk.answers[0].set_result(answer)
    assert await asyncio.gather(*asking) == [answer] * 3
    assert len(clerk.asked) == 1


async def test_other_orders_are_asked_about_beside_it() -> None:
    clerk = Clerk()
    asking = [await clerk.begin(), await clerk.begin(new_order("MM-2"))]
    assert clerk.asked == ["MM-1", "MM-2"]
    for answer in clerk.answers:
        answer.set_result(True)
    assert await asyncio.gather(*asking) == [True, True]


async def test_a_question_from_before_the_latest_news_does_not_serve() -> None:
    clerk = Clerk()
    first = await clerk.begin()
    clerk.order.last_heard = clerk.now + 1
    clerk.now += 2
    second = await clerk.begin()
    third = await clerk.begin()
    assert len(clerk.asked) == 2
    clerk.answers[0].set_result(True)
    assert await first
    clerk.answers[1].set_result(False)
    assert not await second
    assert not await third


async def test_a_question_from_before_the_asker_wants_to_know_does_not_serve() -> None:
    clerk = Clerk()
    first = await clerk.begin()
    clerk.now += 2
    second = asyncio.ensure_future(clerk.inquiries.ask(clerk.order, since=clerk.now))
    await settle()
    assert len(clerk.asked) == 2
    for answer in clerk.answers:
        answer.set_result(True)
    assert [await first, await second] == [True, True]


async def test_an_asker_who_gives_up_leaves_the_question_to_the_next() -> None:
    clerk = Clerk()
    first, second, third = [await clerk.begin() for _ in range(3)]
    first.cancel()
    await settle()
    assert len(clerk.asked) == 2
    clerk.answers[1].set_result(True)
    assert await second
    assert await third
    assert first.cancelled()


async def test_one_who_shares_may_give_up_without_harm() -> None:
    clerk = Clerk()
    first, second = [await clerk.begin() for _ in range(2)]
    second.cancel()
    await settle()
    clerk.answers[0].set_result(True)
    assert await first


async def test_after_an_answer_the_next_question_is_asked() -> None:
    clerk = Clerk()
    for _ in range(2):
        task = await clerk.begin()
        clerk.answers[-1].set_result(True)
        assert await task
    assert len(clerk.asked) == 2


async def test_an_answer_counts_from_when_it_was_asked_for() -> None:
    clerk = Clerk()
    assert not clerk.inquiries.answered_since(clerk.order, 0)
    task = await clerk.begin()
    clerk.now += 5
    clerk.answers[0].set_result(True)
    await task
    assert clerk.inquiries.answered_since(clerk.order, NOW)
    assert not clerk.inquiries.answered_since(clerk.order, NOW + 1)


async def test_what_could_not_be_asked_is_no_answer() -> None:
    clerk = Clerk()
    task = await clerk.begin()
    clerk.answers[0].set_result(False)
    await task
    assert not clerk.inquiries.answered_since(clerk.order, 0)


async def test_the_memory_of_answers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiries, "MOST_REMEMBERED", 2)
    clerk = Clerk()
    orders = [new_order(f"MM-{number}") for number in range(3)]
    for order in orders:
        task = await clerk.begin(order)
        clerk.answers[-1].set_result(True)
        await task
    assert [clerk.inquiries.answered_since(order, NOW) for order in orders] == [False, True, True]
