# One image for every process; the command says which one:
#   python -m shared.kit.serve services.rural.app:create_app --host 0.0.0.0 --port 8001
#   python -m migrations

FROM python:3.11.16-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7 AS installed
WORKDIR /app
RUN python -m venv .venv
# `telemetry` in place of `runtime` adds what sends spans and metrics to an OpenTelemetry collector.
ARG REQUIREMENTS=runtime
COPY requirements/runtime.txt requirements/
COPY requirements/telemetry.txt requirements/
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/${REQUIREMENTS}.txt

FROM python:3.11.16-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7
RUN groupadd --gid 10001 ntp \
    && useradd --uid 10001 --gid ntp --no-create-home --shell /usr/sbin/nologin ntp \
    && install -d -o ntp -g ntp -m 0700 /var/lib/ntp
WORKDIR /app
COPY --from=installed /app/.venv .venv
COPY alembic.ini ./
COPY pyproject.toml ./
COPY shared shared
COPY migrations migrations
COPY services services
COPY gateway gateway
RUN .venv/bin/python -m compileall -q shared migrations services gateway
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NTP_STATE_DIR=/var/lib/ntp \
    NTP_LOG_JSON=true
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["python", "-m", "shared.kit.serve", "gateway.app:create_app", "--host", "0.0.0.0", "--port", "8000"]
