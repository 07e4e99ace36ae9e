"""What outlives the process: what is written down of each run, and who may go on with it."""
