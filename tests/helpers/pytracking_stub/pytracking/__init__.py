"""A stand-in for visionml's pytracking: its layout and what it asks of a tracker, in our words.

Frames are arrays where the toolkit reads files, and nothing is shown or saved.
"""
