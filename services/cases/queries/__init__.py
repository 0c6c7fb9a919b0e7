"""What a caller may read: each query decides before anything leaves, and notes what it showed."""
