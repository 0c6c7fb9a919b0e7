"""The rules of consent, pure: what answers amount to, which windows stand open, what may be asked for."""
