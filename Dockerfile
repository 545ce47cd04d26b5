# Two stages: the first has the tools, the second only what runs. Any base with Python 3.11 or newer will do.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /src
# Behind a proxy that signs for itself, --secret id=certificates,src=BUNDLE.pem lends its certificates to this stage.
COPY .ci/requirements*.txt .ci/
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then export PIP_CERT=/run/secrets/certificates; fi \
    && python3 -m venv /opt/evenreach \
    && /opt/evenreach/bin/python -m pip install --no-cache-dir --require-hashes --requirement .ci/requirements.txt \
    && python3 -m venv /opt/tools \
    && /opt/tools/bin/python -m pip install --no-cache-dir --require-hashes --requirement .ci/requirements-build.txt \
    && /opt/tools/bin/python -m pip install --no-cache-dir --require-hashes --requirement .ci/requirements-node.txt
COPY service/assets/package.json service/assets/package-lock.json service/assets/build.py service/assets/govuk.scss \
     service/assets/
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/certificates; fi \
    && /opt/tools/bin/python service/assets/build.py
COPY pyproject.toml README.md LICENSE .gitignore ./
COPY geodata geodata
COPY layers layers
COPY service service
RUN /opt/tools/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /opt/evenreach/bin/python -m pip install --no-cache-dir --no-deps --no-index /wheel/*.whl \
    && /opt/evenreach/bin/python -m pip uninstall --yes pip

FROM ${BASE}
LABEL org.opencontainers.image.title="Evenreach" \
      org.opencontainers.image.description="Maps how need and access differ between neighbourhoods" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/evenreach /opt/evenreach
RUN groupadd --gid 10001 evenreach \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin evenreach \
    && install --directory --owner=10001 --group=10001 /store /var/cache/evenreach
ENV PATH=/opt/evenreach/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EVENREACH_CACHE=/var/cache/evenreach \
    EVENREACH_STORE=/store
WORKDIR /store
USER 10001:10001
VOLUME /store
EXPOSE 8000
# The first start builds the fictional demo borough.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["evenreach", "serve", "--host", "0.0.0.0", "--port", "8000"]
