"""What can be done with one's inbox: one use case a module."""
