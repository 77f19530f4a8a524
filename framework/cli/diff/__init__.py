"""The command ``framework diff``: what has changed between two documents, and what breaks clients."""
