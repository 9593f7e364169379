"""What the person can choose, typed and bounded, and the keys that only the person may know.

Ordinary settings are rows of the database; this floor gives them meaning: a title, a description, a
default and bounds, from which the preferences page, the environment variables and the schema over
HTTP are made. Keys never meet those rows: they live in the environment, in the keychain of the
operating system, in a file encrypted with a passphrase, or in this session only.
"""
