# The bot, without the demo's model. docs/hosting.md says how it is run, and what of this was tried.
FROM python:3.13-slim

# One user, which owns nothing but /data: there the bot keeps its runs, where DATABASE_URL names no server.
RUN useradd --system --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin bot && chmod 700 /data

COPY requirements.txt /app/
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --require-hashes -r /app/requirements.txt
COPY bot /app/bot
RUN python -m compileall -q /app/bot

USER bot
WORKDIR /data
ENV PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1

# Without PORT nothing listens, and there is nothing to ask: that the process is there, Docker sees by itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import os, urllib.request as r; port = os.environ.get('PORT'); port and r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=4)"]

CMD ["python", "-m", "bot"]
