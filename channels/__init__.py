"""In and out of the world. A channel knows how to receive, parse and send; nothing of departments or rules."""
