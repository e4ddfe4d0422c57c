"""Extensions: decisions by which a province settles a budget year later than by law. Only added; the latest holds."""
