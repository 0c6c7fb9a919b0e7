"""What every service stands on: storage, bus, RPC, actor, keys, access, clock, settings, logs, metrics, health."""

import warnings

# Said by each process that meets nameko, to people who can do nothing about it.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
