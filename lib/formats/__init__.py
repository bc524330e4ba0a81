"""What file formats demand of whoever reads or writes them.

Child processes with limits, formula injection, dates by ISO 8601, and texts that XML can hold. Not here: the readers
(`lib.ingest`) and the writers (`lib.exports`, `lib.pdf`).
"""
