"""Checks of the built site of the documentation, in Chromium: ``python -m tests.site``."""
