"""The command ``framework``, and what it does as plain functions, one module for each command."""
