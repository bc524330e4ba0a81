"""Files that several processes need: uploads, exports, reports of bad rows; in a folder, or in a bucket of S3.

Each has a name, such as `exports/job_1.1.csv`, and is there whole or not at all. What a file means lives with what
makes it.
"""
