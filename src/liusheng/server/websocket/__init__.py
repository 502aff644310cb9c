"""WebSocket endpoints: a driver that moves frames, and one module for each kind of session."""
