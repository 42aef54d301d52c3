"""Where runs are remembered: the only door to the tables. SQLite by default, no tensor library."""
