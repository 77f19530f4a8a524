"""The mails about orders, each sent by a job."""

from app_template.mails.mailer import Mail, Mailer
from app_template.orders.repository import OrderRepository
from framework.jobs import Jobs, job

__all__ = ("OrderMails", "euros")


class OrderMails(Jobs):
    """Sends mails to customers. A job is added in the transaction of its order, and runs after that is committed."""

    def __init__(self, orders: OrderRepository, mailer: Mailer) -> None:
        self._orders = orders
        self._mailer = mailer

    @job(name="orders.confirm", retries=8)
    async def confirm(self, order_id: int) -> None:
        """Send a mail with the lines of an order. A mail may be sent twice if the process is killed."""
        order = await self._orders.find(order_id)
        if order is None:
            return
        lines = "\n".join(
            f"{line.quantity} x {line.sku}: {euros(line.quantity * line.price_cents)}" for line in order.lines
        )
        text = f"Hello {order.customer},\n\nthank you for your order.\n\n{lines}\n\nTotal: {euros(order.total_cents)}\n"
        await self._mailer.send(Mail(order.account.email, f"Your order {order.id}", text))


def euros(cents: int) -> str:
    """Return a price as it is written in mails."""
    return f"{cents / 100:.2f} EUR"
