"""Consent: who has agreed that which service may read what, until when; it turns answers into access windows."""
