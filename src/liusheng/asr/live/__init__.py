"""Live decoding: an offline model follows speech while it is spoken."""
