"""2,143 staff at work at once, over HTTP: gunicorn with the settings of production, and locust."""
