"""How a network is executed on a device."""
