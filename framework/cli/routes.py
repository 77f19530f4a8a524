"""``framework routes``: the routes of an app, and what a request must pass."""

from collections.abc import Iterable

from framework.app import App
from framework.openapi import RouteSummary

__all__ = ("routes_table",)

_HEAD = ("METHOD", "PATH", "HANDLER", "NAME", "ACCESS")


def routes_table(app: App) -> str:
    """Return the routes of an app as a table, sorted by path. Raises an ExceptionGroup of all DefinitionErrors."""
    rows = [_HEAD, *(_row(one) for one in sorted(app.routes(), key=lambda one: (one.path, one.method)))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "".join(f"{_line(row, widths)}\n" for row in rows)


def _row(route: RouteSummary) -> tuple[str, ...]:
    access = ", ".join(route.access) or "everybody"
    return route.method, route.path, route.handler, route.name, access


def _line(row: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
