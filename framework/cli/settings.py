"""``framework config``: the settings of an app, with their sources."""

from collections.abc import Iterator, Sequence

from framework.settings import SettingsReport

__all__ = ("settings_table",)

_HEAD = ("VARIABLE", "VALUE", "SOURCE")


def settings_table(reports: Sequence[SettingsReport]) -> str:
    """Return the settings as a table for each class; secrets are hidden."""
    if not reports:
        return "The app reads no settings with framework.settings.read_settings.\n"
    return "\n".join("".join(f"{line}\n" for line in _lines(one)) for one in reports)


def _lines(report: SettingsReport) -> Iterator[str]:
    rows = [_HEAD, *((one.variable, one.value, one.source) for one in report.values)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    yield f"{report.settings}"
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
