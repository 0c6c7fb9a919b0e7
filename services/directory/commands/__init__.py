"""What can be done with the directory: one use case a module."""
