"""What the command `guichet` can do, a file for each kind of use."""
