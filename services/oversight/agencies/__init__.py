"""The agencies and offices that steer, own and carry out the programs, as dated facts."""
