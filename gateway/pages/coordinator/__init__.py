"""Pages that the municipality's coordinator alone has."""
