"""What every service stands on: storage, bus, RPC, actor, keys, access record, clock, settings, logs, metrics, health."""
