"""What a database understands: one implementation class per dialect, and the statements that they make."""
