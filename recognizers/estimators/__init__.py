"""What some recognizers need first: where people's joints are."""
