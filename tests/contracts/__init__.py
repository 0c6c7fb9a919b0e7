"""The published language stays what it says it is."""
