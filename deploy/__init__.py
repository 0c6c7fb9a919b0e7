"""How Stafett is run: the supervisor, the private broker, the stand-ins and the operators' tools."""
