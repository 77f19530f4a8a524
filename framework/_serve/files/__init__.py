"""Responses from files and folders."""
