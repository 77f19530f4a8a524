"""Jobs that a broker carries to workers: the table has the jobs, the broker has messages about those that are due."""
