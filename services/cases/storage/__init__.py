"""Where cases keeps what it owns. Names, numbers and narrative are ciphertext; every repository takes a municipality.

tables.py  the tables        people.py  persons and ties (key "person:<id>")
cases.py   the aggregate     notes.py   notes and history (key "case:<id>"), handed out sealed
staff.py   who works where, as the directory told (the chassis' facts)
"""

from services.cases.storage.tables import metadata

__all__ = ["metadata"]
