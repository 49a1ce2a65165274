"""Programs that run inside AWS; each folder is packaged alone and imports nothing of ours from outside itself."""
