"""What is wrong with a report, and why a run of one ends without a mail: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class ReportCode(TextCode):
    """Why a report can't be kept, or does not go out."""

    # A report as it is ordered.
    ONE_SUBJECT = "one_subject", "A report is of a page, of a view or of an export; right would be exactly one of them."
    NO_PAGE_OF_REPORT = "no_page_of_report", "There is no page '{value}'{hint}; right would be one of {known}."
    NO_VIEW_OF_REPORT = "no_view_of_report", "There is no saved view '{value}' that you may see."
    NOT_A_VALUE_OF_PARAMETER = (
        "not_a_value_of_parameter",
        "The parameter {parameter} holds what no parameter can; right would be a text, a number, true or false, or a "
        "list of them.",
    )
    NOT_A_CRON_LINE = (
        "not_a_cron_line",
        "'{value}' is no cron line ({problem}); right would be minute, hour, day of the month, month and day of the "
        "week, such as 0 8 * * 1 for each Monday at 8.",
    )
    NO_CRON_LINE = (
        "no_cron_line",
        "The cron line is missing; right would be minute, hour, day of the month, month and day of the week, such as "
        "0 8 * * 1 for each Monday at 8.",
    )
    NEVER_DUE = "never_due", "'{value}' is never due; right would be a day that its months have."
    SCHEDULE_SHAPE = (
        "schedule_shape",
        'A schedule should be such as {{"cron": "0 8 * * 1", "timezone": "America/Santiago"}}, {{"after": "import"}}, '
        "or null.",
    )
    NO_RECIPIENT = "no_recipient", "A report that goes out by itself needs a recipient; right would be 1 to {most}."
    TOO_MANY_RECIPIENTS = "too_many_recipients", "There are {count} recipients; right would be at most {most}."
    RECIPIENT_NOT_ALLOWED = (
        "recipient_not_allowed",
        "Mail may not go to '{value}': it has no account here, and its domain is none of CALLBOARD_MAIL_DOMAINS.",
    )
    NO_ATTACHMENT = "no_attachment", "'{value}' can't be attached{hint}; right would be one of {known}."
    ATTACHMENT_OF_EXPORT = "attachment_of_export", "An export is attached itself; right would be no other attachments."
    NOT_A_LANGUAGE = "not_a_language", "'{value}' is not a language of Callboard{hint}; right would be one of {known}."
    EXPORT_OF_REPORT = "export_of_report", "The export '{value}' can't be{hint}; right would be one of {known}."

    REPORT_UNKNOWN = "report_unknown", "There is no report '{value}'{hint}. callboard reports list shows all."

    REPORT_GONE = "report_gone", "There is no such report; it may have been deleted."
    REPORT_CHANGED = "report_changed", "Somebody changed the report since version {version}; it is at {current} now."

    # A run of a report.
    TOO_LATE = "too_late", "Callboard was not running when this was due, and it was more than {hours} hours late."
    LATER_ONE_WENT_OUT = "later_one_went_out", "Callboard was not running when this was due; a later one went out."
    OWNER_HAS_NO_ACCESS = (
        "owner_has_no_access",
        "{owner}, whose report this is, has no access any more. The report is paused until somebody takes it over.",
    )
    MAIL_NOT_SET_UP = (
        "mail_not_set_up",
        "No mail can go out: CALLBOARD_SMTP_URL and CALLBOARD_MAIL_FROM are not both set.",
    )
    NOBODY_TO_SEND_TO = "nobody_to_send_to", "There is nobody whom it may go to."
    SOME_NOT_REACHED = "some_not_reached", "{count} of {all} could not be reached; their lines say why."
    EXPORT_FAILED = "export_failed", "The export could not be made: {problem}"

    # One recipient of a run.
    NO_ACCESS_ANY_MORE = "no_access_any_more", "This person has no access any more."
    SEES_LESS = "sees_less", "This person may not see all that this is about."
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed."
    DOMAIN_NOT_ALLOWED = "domain_not_allowed", "Mail may not go to this domain any more."
