"""Documents: what was issued for the programs, how documents relate, what is in force on a day, and what they demand."""
