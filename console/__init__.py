"""Pages for mediators, agents and supervisors. Server-rendered; knows the store and the router."""
