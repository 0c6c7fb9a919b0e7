"""The relay log: plan, participants, meetings, evaluations, entries, the child's view; from level 1 to the report."""
