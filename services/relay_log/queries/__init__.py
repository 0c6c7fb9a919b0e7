"""What can be read of a log, decided item by item before it leaves."""
