def over_limit(c,q): return None
