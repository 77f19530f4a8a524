"""Tests of the shop, over HTTP as its customers meet it."""
