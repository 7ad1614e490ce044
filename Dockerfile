# What pages are drawn and moved with.
FROM node:24-slim AS frontend

WORKDIR /runbell
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend frontend
RUN node frontend/build.mjs


FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /runbell

COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/runtime.txt

COPY . .
COPY --from=frontend /runbell/static/build static/build
RUN python -m compileall -q . \
    && useradd --system --create-home runbell \
    && install -d -o runbell -m 700 /data
USER runbell

# Keys, the SQLite database and the first sign-in: what to back up.
ENV RUNBELL_DATA_DIR=/data RUNBELL_HOST=0.0.0.0 PORT=8000
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 3)"]
CMD ["python", "manage.py", "serve"]
