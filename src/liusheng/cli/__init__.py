"""The `liusheng` command."""
