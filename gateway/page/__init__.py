"""The page at `/`: what a steering committee, a district office or a reader on a phone sees of the province.

It owns static files only: HTML, a style sheet and ES modules that draw SVG, without a build and without a CDN. Everything that it
shows comes from the public API, read by the browser. It never reads a database or a service itself (ADR 0026).
"""
