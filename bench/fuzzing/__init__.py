"""What `fuzz.py` is made of: stores, mutations of their files, and cases that are run in a process of their own."""
