"""How good the classifier is: measures, pictures and pages. What each figure means stands where it is computed."""
