"""What every page stands in: the addresses, the frame around it, forms, and how days and names are written."""
