"""The wire: messages and session state machines. No I/O, no asyncio, no numpy, nothing of ours."""
