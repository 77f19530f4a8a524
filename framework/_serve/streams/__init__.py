"""Streamed responses, including server-sent events."""
