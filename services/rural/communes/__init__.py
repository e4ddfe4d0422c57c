"""Rural communes: each with its assessments, recognitions, villages and OCOP products. Reads only."""
