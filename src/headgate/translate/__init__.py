"""One codec and one meter per wire format."""
