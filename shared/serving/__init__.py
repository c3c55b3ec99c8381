"""What a running hub keeps in order: who is there, what is done later, its folder on the disk, and no connection."""
