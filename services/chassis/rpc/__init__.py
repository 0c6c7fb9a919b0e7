"""Remote calls on nameko's RPC protocol: bodies encrypted, nothing persistent, a deadline on everything.

protocol.py  what lies on the wire, and the serializer that encrypts it
server.py    nameko's entrypoint, consumer and responder, made to fit
client.py    the way to call: one connection, one reply queue, no call that hangs
calls.py     the calls that a piece of work makes: with its actor, its trace and what is left of its time
"""
