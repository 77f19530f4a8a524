"""Jobs that a broker carries to workers: the table stays the truth, and the broker has messages about jobs that are due."""
