"""Stage 6 of 8, evidence: Verdict -> a run that is kept, sealed, and can be verified by who was not there."""
