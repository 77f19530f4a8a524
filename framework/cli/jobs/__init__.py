"""``framework jobs``: runs jobs, and shows and changes those that are stored."""
