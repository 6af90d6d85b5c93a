"""What some recognizers need first: where people and their joints are."""
