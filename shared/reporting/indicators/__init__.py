"""The catalogue on the wire: what a program measures, for readers of its figures."""
