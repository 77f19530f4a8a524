"""The mails about orders, each sent by a job."""

from framework.jobs import Jobs, job

from shop.accounts.repository import AccountRepository
from shop.mails import Mail, Mailer
from shop.orders.repository import OrderRepository


class OrderMails(Jobs):
    """Sends mails to customers."""

    def __init__(self, orders: OrderRepository, accounts: AccountRepository, mailer: Mailer) -> None:
        self._orders = orders
        self._accounts = accounts
        self._mailer = mailer

    @job(name="orders.confirm", retries=8)
    async def confirm(self, order_id: int) -> None:
        """Send a mail about an order. A mail may be sent twice if the process is killed."""
        order = await self._orders.find(order_id)
        account = None if order is None else await self._accounts.get(order.account_id)
        if order is None or account is None:
            return
        total = f"{order.total_cents / 100:.2f} EUR"
        text = f"Hello {account.name},\n\nthank you for your order of {order.quantity} x {order.sku}: {total}.\n"
        await self._mailer.send(Mail(account.email, f"Your order {order.id}", text))
