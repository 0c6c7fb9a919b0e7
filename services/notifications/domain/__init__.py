"""The rules of notifications, pure: whom an event concerns, and what each kind of message rests on."""
