# What pages are drawn and moved with.
FROM node:24-slim AS frontend

WORKDIR /runbell
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend frontend
RUN node frontend/build.mjs


# What `pip install .` would install, with the front end in it.
FROM python:3.11-slim AS wheel

WORKDIR /runbell
COPY requirements/build.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY . .
COPY --from=frontend /runbell/static/build static/build
# The mark that it is built, and not older than its sources.
RUN touch static/build/.built && python -m hatchling build --target wheel --directory /wheel


FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /runbell

COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY --from=wheel /wheel /wheel
RUN pip install --no-cache-dir --no-deps /wheel/*.whl \
    && groupadd --system --gid 10001 runbell \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home runbell \
    && install -d -o runbell -g runbell -m 700 /data

# What is in here, as CycloneDX: docker run --rm --entrypoint cat IMAGE /usr/share/sbom/runbell.cdx.json
COPY package-lock.json /usr/share/sbom/
COPY requirements/runtime.txt /usr/share/sbom/requirements/
COPY config/version.py /usr/share/sbom/config/
COPY deploy/sbom.py /usr/share/sbom/deploy/
RUN python /usr/share/sbom/deploy/sbom.py /usr/share/sbom/runbell.cdx.json
# A number, so that Kubernetes knows that it is not root.
USER 10001:10001

# Keys, the SQLite database and the first sign-in: what to back up. Beside it only /tmp is written to, for bodies of
# requests and files on their way: the root file system may be read-only.
ENV RUNBELL_DATA_DIR=/data RUNBELL_HOST=0.0.0.0 PORT=8000
VOLUME /data
EXPOSE 8000

# Of the web server alone: a silent worker is no reason to take in nothing. A container with `runbell worker` has its
# own: runbell-probe worker.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["runbell-probe", "web"]
CMD ["runbell", "serve"]
