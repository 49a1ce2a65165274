"""Stage 7 of 8, deploy: Terraform JSON in a folder -> a plan that was judged -> a receipt -> exactly that, applied.

It knows no stack: `main.py` gives it a folder, a target and a way to judge.
"""
