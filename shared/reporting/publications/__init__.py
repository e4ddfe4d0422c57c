"""Publications: figures frozen under a name and a document (vintages), which can be compared with each other."""
