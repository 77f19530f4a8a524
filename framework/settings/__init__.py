"""Settings of an application, read from environment variables."""

from framework.settings.errors import SettingError, SettingsError
from framework.settings.reading import read_settings
from framework.settings.report import SettingsReport, SettingValue, settings_reports
from framework.settings.texts import ByteSize

__all__ = (
    "ByteSize",
    "SettingError",
    "SettingValue",
    "SettingsError",
    "SettingsReport",
    "read_settings",
    "settings_reports",
)
