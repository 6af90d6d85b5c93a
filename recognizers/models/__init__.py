"""The networks, one file each, with named sizes at the end of each file."""
