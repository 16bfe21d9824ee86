"""What the mutual may change without touching code: settings, departments, rules, texts, directory. Knows nobody."""
