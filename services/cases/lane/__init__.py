"""The protected lane: reports to child protection, apart from all else (PR-1 to PR-5).

Its own tables, ids, keys ("lane:<id>"), outbox and event stream. It may ask the ordinary rooms who a child is; nothing
in them knows that it is here, and nothing of a protected report is written in their tables (PR-3).

    domain.py    the rules                storage/     tables, repositories, the lane's own access record
    asking.py    who asks, and what they may
    grounds.py   on what a report rests (CO-11)
    register.py  what the population register tells of the child, at once or later
    commands.py  file a report, drafts    follow_up.py take it, answer it, name readers
    queries.py   read reports
"""
