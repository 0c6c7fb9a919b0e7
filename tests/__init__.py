"""All test tiers; `make` lists the target of each."""
