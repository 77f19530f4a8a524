"""Orders the graph of services and checks it; opens and closes what lives."""
