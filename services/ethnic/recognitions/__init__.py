"""Recognitions that the new rural program decided, heard from its change feed: what they make of a commune's region."""
