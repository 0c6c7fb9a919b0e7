#!/bin/sh
# Asks for events page by page with curl, and keeps the cursor between runs: run it as often as you like, by cron for one.
#
#   export STAFETT_FEED='https://stafett.example/outside/v1/events' STAFETT_TOKEN='...'     # both from the operator
#   sh feed.sh
#
# Prints one page a line. Numbers and ids are checked by whoever reads the lines (once.py does so for Python).
set -eu
cursor_file=${CURSOR:-cursor.txt}
cursor=$(cat "$cursor_file" 2>/dev/null || true)

while :; do
    page=$(curl --silent --show-error --fail-with-body --max-time 30 --get "$STAFETT_FEED" \
        --header "Authorization: Bearer $STAFETT_TOKEN" \
        --data-urlencode "limit=50" ${cursor:+--data-urlencode "after=$cursor"}) || {
        echo "$page" >&2
        exit 1
    }
    next=$(printf %s "$page" | tr -d '\n' | sed -n 's/.*"next": *"\([^"]*\)".*/\1/p')
    [ -n "$next" ] && [ "$next" != "$cursor" ] || break # nothing new, and no "more"
    printf %s "$page" | tr -d '\n' && echo              # handle it first,
    printf %s "$next" >"$cursor_file.new"               # and only then move the cursor
    mv "$cursor_file.new" "$cursor_file"
    cursor=$next
done
