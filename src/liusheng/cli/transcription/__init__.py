"""What `liusheng transcribe` does: which files, into which, by how many sessions at once."""
