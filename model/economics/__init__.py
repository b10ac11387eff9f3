"""Decision economics on arrays of cost and effect per [strategy, draw], whatever model made them."""
