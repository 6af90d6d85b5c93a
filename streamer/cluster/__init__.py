"""Workers on the machines of a Ray cluster. The door to Ray; nothing of it is imported on a single machine."""
