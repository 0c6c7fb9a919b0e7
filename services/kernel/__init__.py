"""The shared kernel: the few pure rules that every service must agree on to the letter."""
