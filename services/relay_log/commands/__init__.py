"""What can be done with a log: one use case a module."""
