"""This program as an application of Ray Serve. Only `ray_*` modules and `replica` import Ray."""
