"""Directory: municipalities and policies, services, units, staff and roles, the guide and the toolkit."""
