"""What leaves the house: each event that an outside system is granted is decided, numbered and told, or is not."""
