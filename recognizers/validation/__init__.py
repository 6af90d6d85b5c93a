"""How good a network is on recordings: many views of each, averaged, beside one, as the live service looks."""
