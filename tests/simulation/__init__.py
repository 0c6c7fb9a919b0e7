"""Simulated municipalities: employees and families of both, who use the suite through its API as people would."""
