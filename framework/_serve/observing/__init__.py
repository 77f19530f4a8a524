"""Calls observers when requests begin and end."""
