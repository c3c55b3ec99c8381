"""Speed, always as a ratio to a plain counterpart measured in the same run, and accuracy on the development data."""
