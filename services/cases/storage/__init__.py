"""What cases keeps. Names, numbers and narrative are ciphertext. Each query bears a municipality (SE-7): as
an argument, or of the case or unit of work given. Two alone look at all: whose number it is at the login, and which
municipalities there are.

tables.py    the tables             people.py       persons and ties (key "person:<id>")
cases.py     the aggregate          ties.py         parental responsibility: register, papers, ties (GU-3)
notes.py     notes and history      care.py         care orders (GU-4)
             (key "case:<id>")      discussions.py  discussions (a key each, LV-12)
grounds.py   why it was shared      emergencies.py  what was opened in an emergency (SE-3)
             (CO-11)                attempts.py     how often somebody has tried something
staff.py     who works where, as the directory told (the chassis' facts)

The lane keeps its own, in its own tables (lane/).
"""

from services.cases.storage.tables import metadata

__all__ = ["metadata"]
