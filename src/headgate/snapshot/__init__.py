"""The versioned configuration contract between the planes."""
