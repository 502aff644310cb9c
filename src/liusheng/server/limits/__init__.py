"""What a client can make the server hold, and how many clients there may be: bounded."""
