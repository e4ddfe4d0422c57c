"""The status of units on a day: every kind of list, the decision behind it, and the rule of a recognition that changes it."""
