"""Worker processes: the pool, the pipe to each worker, and the worker's main loop."""
