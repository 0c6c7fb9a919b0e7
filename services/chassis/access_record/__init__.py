"""The access record: who read or did what, about whom, by which rule, allowed or not (SE-1). Lines are only added.

lines.py     a line: codes in clear, who it was as ciphertext
chain.py     each line bears the hash of all before it
recorder.py  lines of reads that end together share a commit
anchors.py   the chain's head, kept by another service
verify.py    whether a record is whole, and where it is not
watching.py  a service's own rounds: anchor, verify nightly, say when something is wrong
"""

from services.chassis.access_record.chain import Chain, Head
from services.chassis.access_record.lines import Line, lines_of, read_line, reader_index
from services.chassis.access_record.recorder import AccessRecord, Recorder, chain_of

__all__ = [
    "AccessRecord",
    "Chain",
    "Head",
    "Line",
    "Recorder",
    "chain_of",
    "lines_of",
    "read_line",
    "reader_index",
]
