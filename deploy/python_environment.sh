#!/bin/sh
# Makes .venv with the pinned packages, or does nothing when their list has not changed.
# Plain sh and the system's Python only: on a fresh machine this is the first thing that runs.
set -eu
cd "$(dirname "$0")/.."

say() { printf '  %-22s %s\n' "$1" "$2"; }
fail() { printf '\n%s\n' "$1" >&2; exit 1; }

STAMP=.venv/.stafett-packages
WANTED=$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ -x .venv/bin/python ] && [ "$(cat "$STAMP" 2>/dev/null || true)" = "$WANTED" ]; then
    exit 0
fi

PYTHON=
for candidate in ${PYTHON3:-} python3 python3.11 python3.12 python3.13; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHON=$candidate
        break
    fi
done
[ -n "$PYTHON" ] || fail "Stafett needs Python 3.11 or later. Run: sudo apt-get install python3 python3-venv"

if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    BY_HAND="sudo apt-get update && sudo apt-get install -y --no-install-recommends python3-venv rabbitmq-server"
    if [ "$(id -u)" = 0 ]; then SUDO=; elif command -v sudo >/dev/null 2>&1; then SUDO=sudo; else
        fail "Python's venv module is missing, and this user is not root and has no sudo. Let an administrator run this once:
  $BY_HAND"
    fi
    say "Python environment" "installing python3-venv (apt-get)"
    { $SUDO apt-get -qq update && $SUDO env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null 2>&1 </dev/null; } ||
        fail "Installing python3-venv failed. Try by hand:
  $BY_HAND"
fi

if [ ! -x .venv/bin/python ]; then
    say "Python environment" "making .venv with $("$PYTHON" --version)"
    "$PYTHON" -m venv .venv
fi
say "packages" "installing $(grep -c '==' requirements.lock) pinned packages"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock ||
    fail "Installing the pinned packages failed. Is there a way to the package index? Then run the same command again."
# Said only when it fails: the build backend has much to tell about editable installations.
OUTPUT=$(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2>&1) ||
    fail "$OUTPUT"
printf '%s\n' "$WANTED" > "$STAMP"
