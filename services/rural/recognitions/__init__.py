"""Recognitions: decisions that a commune or village meets a standard, and which of them are in force on a day."""
