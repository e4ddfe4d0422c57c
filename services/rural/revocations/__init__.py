"""Revocations of recognitions: the decisions that end them, on which grounds."""
