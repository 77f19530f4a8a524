"""Sorts and checks the graph of services."""
