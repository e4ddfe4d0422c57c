"""Evidence: files behind reports, kept once under the hash of their bytes, in a table of their own.

A file may be read by every client that sent it, by those who see every report of the program, and by those who see a report
that names it and that is of a client that sent it. To know the hash is not enough: hashes are shown to clients that may not
read the file, and any client can name one in a report of its own.
"""
