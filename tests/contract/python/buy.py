"""Buys something in the running template, with the generated client; mypy finds a mistake in its types."""

import json
import sys

from shop_client import AuthenticatedClient
from shop_client.api.orders import order_controller_create, order_controller_search, order_controller_show
from shop_client.api.products import product_controller_change, product_controller_create
from shop_client.models import (
    NewOrder,
    NewOrderLine,
    NewProduct,
    Order,
    PageOfOrder,
    PatchOfProductDetails,
    Product,
    ValidationProblem,
)

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])

made = product_controller_create.sync(client=client, body=NewProduct(sku="TEA-1", name="Tea", price_cents=400, stock=5))
assert isinstance(made, Product), made
changed = product_controller_change.sync("TEA-1", client=client, body=PatchOfProductDetails(price_cents=450))
assert isinstance(changed, Product), changed

placed = order_controller_create.sync(client=client, body=NewOrder(lines=[NewOrderLine(sku="TEA-1", quantity=2)]))
assert isinstance(placed, Order), placed
total: int = placed.total_cents

page = order_controller_search.sync(client=client, limit=1)
assert isinstance(page, PageOfOrder), page

missing = order_controller_show.sync_detailed(4711, client=client)
wrong = order_controller_create.sync(client=client, body=NewOrder(lines=[]))
assert isinstance(wrong, ValidationProblem), wrong

answer = {
    "total": total,
    "status": placed.status,
    "found": page.items[0].id == placed.id,
    "missing": missing.status_code,
    "errors": [one.pointer for one in wrong.errors],
}
sys.stdout.write(json.dumps(answer))
