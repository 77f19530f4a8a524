"""Controllers and container -> route plans -> one emitted callable for each route."""
