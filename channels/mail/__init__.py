"""Mail: received by IMAP or LMTP, parsed, screened for robots, threaded, and sent by SMTP."""
