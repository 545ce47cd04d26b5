"""Read and join published data: the only code that opens data files or writes the store."""
