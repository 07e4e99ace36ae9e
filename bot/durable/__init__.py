"""What outlives the process: what is written down of each run, and who goes on with it (`recovery`)."""
