"""Stage 6 of 8, reports: Verdict -> text. Each module has FILENAME and a pure render(verdict)."""
