"""Neural style transfer: pixels changed until a network sees one picture's things in another's manner."""
