"""Tables and repositories of the relay log. What is told of a child is ciphertext under the case's key, handed out
sealed; ids, codes, days and times stand in clear."""

from services.relay_log.storage.tables import metadata

__all__ = ["metadata"]
