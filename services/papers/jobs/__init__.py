"""Jobs: work on files that runs beside the event loop, each in a process of its own with limits of time and memory."""
