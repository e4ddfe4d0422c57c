"""Bounds across programs: reports of other programs are received, and compared with those of this one (ADR 0021).

`received.py` takes the events of the other program's feed and reads the values of its reports; `contradictions.py` compares;
`follower.py` is the background task. Nothing is stored about a contradiction: it is found when a report is read, so it appears
and disappears with the reports of either side.
"""
