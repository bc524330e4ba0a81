"""Input as a weapon: files that are made to do harm, and names that would be taken for code somewhere."""
