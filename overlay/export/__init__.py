"""Events and tracks to text files, one module a format, one registry: ``formats``."""
