"""Opens and closes services, and runs plain functions in worker threads."""
