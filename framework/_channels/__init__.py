"""Channels at work: rings, subscriptions and the engines that carry events between processes."""
