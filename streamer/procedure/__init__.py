"""Which steps of a piece of work were done, in order and in time. Pure."""
