"""The command ``framework``, and its commands as plain functions, one module for each command."""
