# Two stages: the first installs the pinned requirements, the second only runs.
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /opt/runner \
 && /opt/runner/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY scenarios scenarios
COPY drills drills
COPY reports reports
COPY runner runner
COPY embedded embedded
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
 && /opt/runner/bin/pip install --no-cache-dir --no-deps --no-index /dist/*.whl

FROM python:3.12-slim
# Nothing is written outside /reports and /tmp, so the root file system can be read-only.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/runner/bin:$PATH \
    DRILL_REPORT_DIR=/reports
RUN useradd --uid 65532 --no-create-home --shell /usr/sbin/nologin drill \
 && install -d -o 65532 -g 65532 /reports
COPY --from=build /opt/runner /opt/runner
USER 65532:65532
WORKDIR /reports
VOLUME ["/reports"]
# -P: a `runner` folder among the user's files must not be imported instead of ours.
ENTRYPOINT ["python", "-P", "-m", "runner"]
CMD ["--help"]
