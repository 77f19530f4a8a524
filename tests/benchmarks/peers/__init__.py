"""The applications of the peers; their packages are installed by ``make bench`` alone, so type checkers skip them."""
