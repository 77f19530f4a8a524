"""The page of the jobs, and the JSON routes that it is made of."""
