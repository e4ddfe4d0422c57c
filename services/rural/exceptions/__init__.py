"""Recorded exceptions: a rule of the register that is broken is refused with its clause, or set aside with a reason."""
