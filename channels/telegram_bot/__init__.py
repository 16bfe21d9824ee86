"""Telegram: messages in by webhook or long polling over one path, answers out through the Bot API."""
