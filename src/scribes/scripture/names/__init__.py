"""Names of books, a module a language, made from the TOML files beside them."""
