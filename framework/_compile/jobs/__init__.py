"""Plans of jobs: their options, their arguments, their schedules, and how they are called."""
