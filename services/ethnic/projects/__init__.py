"""The ten projects and fourteen sub-projects: what was planned and done, and the completion reports of projects."""
