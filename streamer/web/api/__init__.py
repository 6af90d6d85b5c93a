"""The REST API: what a program asks, and what the page is made of."""
