"""The public web form, the API behind it, and the page of the member's case."""
