"""Rules, decision, joining, acknowledgement, deadlines. Pure: facts in, Decision out; time and ids are arguments."""
