"""The Lambda function that gives the database login a new password every rotation; its entry is `handler.handler`."""
