"""Streams spread over processes: what each of them does, and who watches over them."""
