import logging

import pytest
from framework import App
from framework.request_ids import RequestIDFilter
from framework.testing import AppClientFactory, Overrides, ProblemError
from sqlalchemy.exc import OperationalError

from shop.products.controller import ProductController
from shop.products.repository import ProductRepository
from shop.products.row import ProductRow


class LockedRepository(ProductRepository):
    """Cannot read."""

    async def find(self, sku: str) -> ProductRow | None:
        """Raise an exception of SQLAlchemy."""
        raise OperationalError(f"SELECT {sku}", {}, OSError("the database is locked"))


async def test_a_locked_database_is_a_problem(
    overrides: Overrides, app: App, app_client: AppClientFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """The client can try again. The log has the reason, with the id of the request."""
    overrides.replace(ProductRepository, LockedRepository)
    caplog.handler.addFilter(RequestIDFilter())
    client = (await app_client(app)).with_credentials(headers={"X-Request-ID": "locked"})

    with pytest.raises(ProblemError, match="not available") as caught:
        await client.call(ProductController.show, sku="MUG-1")

    assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "1")
    assert caught.value.problem["request_id"] == "locked"
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "GET /products/MUG-1: the database is locked"
    assert vars(record)["request_id"] == "locked"
