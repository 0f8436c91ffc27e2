"""What Scribes does: one class per noun; a public method is one transaction."""
