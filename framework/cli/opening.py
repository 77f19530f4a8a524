"""Opens the services of an app for a command."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from framework.app import App
from framework.cli.definitions import is_definition_error
from framework.cli.errors import ToolError
from framework.cli.finding import in_one_line
from framework.services import Services

__all__ = ("opened_services",)


@asynccontextmanager
async def opened_services(app: App) -> AsyncIterator[Services]:
    """Open the services of an app. Raises ToolError if one cannot be opened, and all DefinitionErrors of the app."""
    async with AsyncExitStack() as stack:
        try:
            services = await stack.enter_async_context(app.services())
        except Exception as error:
            if is_definition_error(error):
                raise
            what = f"a service of the app cannot be opened: {in_one_line(error)}"
            raise ToolError(what, hint="correct it there") from error
        yield services
