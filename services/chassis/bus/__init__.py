"""How events leave a service and come in: outbox, relay, broker, inbox. README.md beside this file tells the way."""
