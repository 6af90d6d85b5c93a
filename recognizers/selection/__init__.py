"""Which recognizer for these data: several are taught briefly, judged alike, and weighed against what they cost."""
