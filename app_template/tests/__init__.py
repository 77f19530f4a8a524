"""Tests of the shop over HTTP."""
