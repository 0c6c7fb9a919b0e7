"""The rules of the relay log, pure: what a plan, a meeting, an evaluation and an entry must be; who belongs to it."""
