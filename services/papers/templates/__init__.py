"""Templates that offices upload: Word files whose content controls name figures; each version is dated and kept."""
