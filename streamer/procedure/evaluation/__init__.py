"""How right verdicts and decoded steps are, on annotated recordings of others."""
