"""Creates one function for each planned route."""
