"""Recognition: engines, and what makes an offline model live. Knows no network."""
