"""Pictures: where they are, what they hold, how they are split and transformed. No tensors here."""
