import pytest
from framework.testing import PROVIDED, AppClient, CapturedJobs, ProblemError

from shop.mails import Mail
from shop.orders.controller import OrderController
from shop.orders.feed import OrderFeedController
from shop.orders.mails import OrderMails
from shop.orders.payloads import NewOrder, Order


async def test_an_order_is_confirmed_by_mail(mails: list[Mail], jobs: CapturedJobs, client: AppClient) -> None:
    """The order adds a job; the job sends the mail."""
    await client.call(OrderController.create, user=PROVIDED, order=NewOrder("MUG-1", 2))
    assert (jobs.functions, mails) == ([OrderMails.confirm], [])

    await jobs.drain()

    text = "Hello Ada,\n\nthank you for your order of 2 x MUG-1: 25.00 EUR.\n"
    assert mails == [Mail("ada@shop.example", "Your order 1", text)]


async def test_an_order_that_fails_has_no_mail(jobs: CapturedJobs, client: AppClient) -> None:
    """The job is part of the transaction that is rolled back."""
    with pytest.raises(ProblemError, match="Out of stock"):
        await client.call(OrderController.create, user=PROVIDED, order=NewOrder("POT-1", 4))

    assert len(jobs) == 0


async def test_orders_are_sent_as_they_are_placed(client: AppClient, staff: AppClient) -> None:
    """The staff sees the orders of all, customers their own."""
    async with (
        client.events(OrderFeedController.follow, user=PROVIDED) as mine,
        staff.events(OrderFeedController.follow, user=PROVIDED) as all_orders,
    ):
        await staff.call(OrderController.create, user=PROVIDED, order=NewOrder("MUG-1", 1))
        await client.call(OrderController.create, user=PROVIDED, order=NewOrder("POT-1", 1))

        assert (await mine.next()).data == Order(2, "POT-1", 1, 3900)
        assert [(await all_orders.next()).data.id for _ in range(2)] == [1, 2]
