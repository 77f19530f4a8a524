"""Durable jobs: the engines that store them, the workers that run them, the queue that adds them."""
