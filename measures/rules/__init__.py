"""Rules of measures: pure functions, no database."""
