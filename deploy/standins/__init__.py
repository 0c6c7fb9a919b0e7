"""Stand-ins for what a municipality has outside Stafett: login, mail and the contact register. Never for production."""
