"""Documents: templates with slots, filled from the answers of the other services, as JSON, docx, pdf and xlsx."""
