"""A house to look at: invented people and stories, fourteen months of them, and what became of each."""
