"""Evidence: files behind reports, kept once under the hash of their bytes, apart from the table of values.

A file is read by whoever sent it, first or again, by whoever sees every report of the program, and by whoever sees a report
that names it and came from a client that sent it. To know a hash is not enough: hashes are shown where files are not, and
whoever names one in a report of its own has not seen the file by that.
"""
