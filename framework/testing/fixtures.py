"""Loads the fixtures where pytest's plugins are not loaded: ``pytest_plugins = ["framework.testing.fixtures"]``.

Usually pytest loads :mod:`framework.pytest_plugin` by itself.
"""

__all__ = ("pytest_plugins",)

pytest_plugins = ("framework.pytest_plugin",)
