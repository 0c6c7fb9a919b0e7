"""Notifications: everyone's inbox, and the one e-mail that says that something new stands in it."""
