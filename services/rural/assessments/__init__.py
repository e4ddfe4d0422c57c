"""Assessments of rural communes, as people read them: what is met, what is missing, who stands where."""
