"""What goes on once there are answers: going deeper on one, drawing all together, and what the model is told for it."""
