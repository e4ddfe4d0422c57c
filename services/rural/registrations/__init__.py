"""Registrations to meet a standard: the yearly plan, the steps of the procedure, and what stands between met and recognized."""
