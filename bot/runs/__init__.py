"""One question from admission to end: how much a person may ask, and what is done with it."""
