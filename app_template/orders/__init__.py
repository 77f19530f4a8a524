"""Orders: who bought what."""
