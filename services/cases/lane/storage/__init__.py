"""What the lane keeps, in tables of its own, each query for one municipality but a timer's and the login's (SE-7).

tables.py     the tables              readers.py  whom reports were opened to by name
reports.py    reports (key            drafts.py   what is being written (a key each)
              "lane:<id>")            record.py   the lane's own access record, a chain of its own
answers.py    answers to reporters
guardians.py  with whom reports were made
"""
