"""The four services: a process and a schema each, standing on `shared` and never on each other."""
