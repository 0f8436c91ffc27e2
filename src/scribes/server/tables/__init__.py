"""What the server keeps beside the notes: accounts, sessions, devices and the like, as SQLModel tables."""
