"""Changes of the tables: ``make migration NAME="orders have notes"`` writes one, ``make migrate`` runs all."""
