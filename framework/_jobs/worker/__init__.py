"""The worker: claims jobs, runs them, and stores how they ended."""
