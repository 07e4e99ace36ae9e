"""The pages in a real browser: Debian's Chromium, or whichever CHROMIUM names, driven by Playwright.

UV_PROJECT_ENVIRONMENT=.venv-browser uv run --group browser pytest -m slow tests/browser
"""
