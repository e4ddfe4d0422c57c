"""Recognitions of communes, received from the change feed of the new rural program. Never stated here, never changed."""
