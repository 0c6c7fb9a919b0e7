"""Pages of a case: from the concern to the closing, and whose case it is."""
