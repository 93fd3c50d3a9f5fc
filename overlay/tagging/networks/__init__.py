"""The networks by themselves, one file an architecture; nothing here reads or fetches weights."""
