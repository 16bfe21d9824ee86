"""SMS and WhatsApp by Twilio: the webhooks, the parser, the sender, delivery receipts, what a text costs."""
