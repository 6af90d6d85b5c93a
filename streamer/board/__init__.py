"""What a board over the line shows of each watch: what is going on, who is called for, what the last minutes held."""
