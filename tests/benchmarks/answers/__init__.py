"""What the model's answers are like, counted: asked through the engine's door, and no model judges them."""
