"""The web chat: a button on other sites, a frame of our own origin, and the protocol between the frame and the house."""
