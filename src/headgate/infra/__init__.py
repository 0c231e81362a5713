"""The only room with sockets and files."""
