"""Who pays and who is grouped: organizations, their teams, projects, apps and clients, users and memberships."""
