"""Products: what is sold, and how many of each there are."""
