"""What Puffling can do: one file for each domain, each declared method an ability.

A controller asks for what it needs by type in its `__init__`; core walks this folder and hands it in.
A new ability is therefore one method here, and a new domain one file.
"""
