"""The thresholds that a province sets itself: tables by decision, each in place of the one before; the history is kept."""
