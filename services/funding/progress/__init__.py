"""Progress: how far the money has come, read from the lots. It only reads, and costs what the lots cost."""
