"""What a person may read of their inbox, decided before it leaves."""
