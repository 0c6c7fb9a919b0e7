"""cases: persons and family ties, concerns, levels, the relay holder, and (apart) the protected lane."""
