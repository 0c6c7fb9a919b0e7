"""Tables and repositories of consent. Purposes, scans and places in the journal are ciphertext under the case's key,
handed out sealed; ids, codes and times, and the wording that all read, stand in clear."""

from services.consent.storage.tables import metadata

__all__ = ["metadata"]
