"""`takt demo`: the whole path on one machine, with a simulated work cell as camera."""
