"""The relay log: plan, participants, meetings, evaluations, entries and the child's view, from level 1 to the report."""
