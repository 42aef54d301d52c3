"""What a trained model gives: scores, their evaluation, and the report a person reads."""
