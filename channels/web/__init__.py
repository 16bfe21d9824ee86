"""What every page of the house shares: headers, error pages, limits, reading of bodies, static files, languages."""
