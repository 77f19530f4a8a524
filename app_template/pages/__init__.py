"""The pages of the shop, rendered on the server: they work without scripts."""
