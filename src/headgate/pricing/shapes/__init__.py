"""How the bodies of each format are read for what they may cost."""
