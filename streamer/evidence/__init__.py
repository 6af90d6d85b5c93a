"""Pictures of events: films cut from what the camera sent, and single pictures, kept for a while and served."""
