"""What can be counted of an answer's text. Pure: no network, no file, no clock."""
