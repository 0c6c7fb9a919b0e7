"""What the test tiers share: private engines and the whole suite in one object."""
