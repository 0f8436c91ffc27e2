"""How well the right notes and verses are found: questions with known answers, asked of the product."""
