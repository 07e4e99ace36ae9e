"""What a server on the web needs, whatever it serves: who may come, what is refused, bodies, files and streams."""
