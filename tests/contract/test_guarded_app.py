"""The app with the whole catalogue keeps its contract, credentials included: schemathesis finds nothing."""

from typing import Annotated, Any

import pytest

from framework import App, Controller, Request, get
from framework.security import Bearer, states
from framework.testing import ContractViolatedError, check_contract
from tests.contract.guarded_app import create_app, token_for


def bearer(**rights: Any) -> dict[str, str]:
    """Return the headers of a request with a token."""
    return {"Authorization": f"Bearer {token_for('ann', **rights)}"}


@pytest.mark.slow
@pytest.mark.parametrize("rights", [{}, {"scopes": (), "roles": ()}], ids=["everything", "nothing"])
def test_with_a_token(rights: dict[str, Any]) -> None:
    """With a token, good and bad requests get the declared responses; without it or with another, 401."""
    report = check_contract(create_app(), headers=bearer(**rights), examples=5)

    assert report.failures == []
    assert report.cases > 200


@pytest.mark.slow
def test_without_a_token() -> None:
    """Requests without credentials, or with generated ones, are refused wherever the document requires some."""
    report = check_contract(create_app(), examples=3, exclude_checks=("positive_data_acceptance",))

    assert report.failures == []
    assert report.cases > 200


class User:
    """Anybody."""


async def believe(token: str) -> User | None:
    """Believe every token."""
    return User() if token else None


async def forget(_: Request) -> None:
    """Forget to look at the credentials that are declared."""


class Believing(Controller):
    """Accepts any token."""

    @get("/believing")
    async def show(self, user: Annotated[User, Bearer(believe)]) -> str:
        """Respond to any token."""
        return type(user).__name__


class Forgetting(Controller):
    """Declares credentials, and requires none."""

    guards = (states(Bearer(believe).requirement())(forget),)

    @get("/forgetting")
    async def show(self) -> str:
        """Respond to everybody."""
        return "everything"


@pytest.mark.parametrize(
    ("controller", "told"),
    [(Believing, "API accepts invalid authentication"), (Forgetting, "API accepts requests without authentication")],
)
def test_what_is_open_is_found(controller: type[Controller], told: str) -> None:
    """The check ``ignored_auth`` runs, and finds a route that is open in spite of its document."""
    with pytest.raises(ContractViolatedError) as caught:
        check_contract(App([controller]), headers=bearer(), examples=3, coverage=False)

    (failure,) = [one for one in caught.value.report.failures if one.check == "ignored_auth"]
    assert failure.message.startswith(told)
