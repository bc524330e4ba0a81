"""What can be asked: the fields of an evaluation, dimensions, measures and metrics, and the tables of the rollups.

Labels are message ids. Not here: queries (`lib.analytics`), words (`lib.i18n`), and the other tables of the facts
(`lib.store.schema`).
"""
