"""Logging in through ID-porten's shape of OpenID Connect, and choosing as whom one acts."""
