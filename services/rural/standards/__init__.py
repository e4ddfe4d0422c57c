"""District and province standards, computed from their communes, with what is missing."""
