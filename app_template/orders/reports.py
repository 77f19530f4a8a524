"""Reports to the staff, each sent by a job."""

from datetime import UTC, datetime, time, timedelta

from app_template.accounts.repository import AccountRepository
from app_template.mails.mailer import Mail, Mailer
from app_template.orders.mails import euros
from app_template.orders.repository import OrderRepository
from framework import clock
from framework.jobs import Jobs, job

__all__ = ("OrderReports",)


class OrderReports(Jobs):
    """Sends reports by mail."""

    def __init__(self, orders: OrderRepository, accounts: AccountRepository, mailer: Mailer) -> None:
        self._orders = orders
        self._accounts = accounts
        self._mailer = mailer

    @job(name="orders.report", cron="0 3 * * *")
    async def send_report(self) -> None:
        """Send the staff the number and the value of the orders of yesterday, in UTC."""
        today = datetime.combine(datetime.fromtimestamp(clock.time(), UTC).date(), time(tzinfo=UTC))
        placed = await self._orders.placed_between(today - timedelta(days=1), today)
        total = sum(order.total_cents for order in placed)
        day = f"{today - timedelta(days=1):%Y-%m-%d}"
        for address in await self._accounts.staff_addresses():
            await self._mailer.send(Mail(address, f"Orders of {day}", f"{len(placed)} orders, {euros(total)}\n"))
