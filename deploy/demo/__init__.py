"""The invented people and cases with which a new installation is tried out (DI-6)."""
