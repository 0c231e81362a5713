"""One value per operator, and facts about model families."""
