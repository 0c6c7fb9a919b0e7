"""What can be read of consent, decided before it leaves."""
