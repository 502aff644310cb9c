"""Worker processes: a pool of them, the pipe to each, and what runs in one."""
