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
    && useradd --system --create-home runbell \
    && install -d -o runbell -m 700 /data

# What is in here, as CycloneDX: docker run --rm --entrypoint cat IMAGE /usr/share/sbom/runbell.cdx.json
COPY package-lock.json /usr/share/sbom/
COPY requirements/runtime.txt /usr/share/sbom/requirements/
COPY config/version.py /usr/share/sbom/config/
COPY deploy/sbom.py /usr/share/sbom/deploy/
RUN python /usr/share/sbom/deploy/sbom.py /usr/share/sbom/runbell.cdx.json
USER runbell

# Keys, the SQLite database and the first sign-in: what to back up.
ENV RUNBELL_DATA_DIR=/data RUNBELL_HOST=0.0.0.0 PORT=8000
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 3)"]
CMD ["runbell", "serve"]
