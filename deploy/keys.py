"""`python -m deploy.keys`: make missing key files; with `rotate-rpc`, a new key for RPC bodies."""

import os
import sys
from pathlib import Path

from services.chassis.keys import ensure_key_material, rotate_rpc_key


def main(arguments: list[str]) -> int:
    """Answer the exit code."""
    var = Path(os.environ.get("STAFETT_VAR", "var"))
    if arguments not in ([], ["rotate-rpc"]):
        print("usage: python -m deploy.keys [rotate-rpc]", file=sys.stderr)
        return 2
    try:
        folder = ensure_key_material(var)
        if arguments:
            print(f"RPC bodies are now encrypted with key {rotate_rpc_key(var)}")
    except OSError as refused:
        print(
            f"Can't make the keys: {refused.strerror} ({refused.filename})."
            " Set STAFETT_VAR to a folder that this user can write.",
            file=sys.stderr,
        )
        return 1
    print(f"Keys stand in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
