"""What goes outside: decides once more, marks, then sends. Nothing else in the service has an effect outside it."""
