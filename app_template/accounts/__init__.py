"""Accounts: registration, login and lost passwords."""
