"""Pictures: how large they are by their header, and copies that say nothing but what they show (rule F5)."""
