"""The versions of the server's own tables. The core's are its numbered SQL files, applied before."""
