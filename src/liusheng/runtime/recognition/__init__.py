"""Recognition of many streams by a pool of workers."""
