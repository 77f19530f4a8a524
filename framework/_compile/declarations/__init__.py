"""Collects routes and options, and checks them."""
