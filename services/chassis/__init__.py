"""What every service stands on: storage, bus, RPC, actor, keys, access, clock, settings, logs, metrics, health."""
