"""Stage 6 of 8, evidence: Verdict and its reports -> a run that is kept and can be verified, without us if need be."""
