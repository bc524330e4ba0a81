"""The language of formulas: a text becomes a tree, the tree is checked against what there is, and gives exact values.

Not here: how a checked tree becomes SQL (`lib.analytics`), which metrics a workspace has, and words for people.
"""
