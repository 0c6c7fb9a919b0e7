"""Pages of the relay log."""
