"""Files that people take away: what they hold, and how it is written."""
