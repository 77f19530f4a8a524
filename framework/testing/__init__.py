"""Tests of an app against its own document."""
