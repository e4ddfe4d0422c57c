"""Publications: vintages of figures, frozen under a name and a document, that can be compared with one another."""
