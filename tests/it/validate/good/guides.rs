//! After the guides of the teams that this is built for, in small.

use super::Stack;

pub(super) const STACKS: &[Stack] = &[
    (
        "Odoo with PostgreSQL behind Traefik, one host for UAT and one for PROD",
        &[
            (
                "docker-compose.yml",
                r"
name: odoo
services:
  traefik:
    image: traefik:v3.1
    command:
      - --providers.docker=true
      - --providers.docker.exposedbydefault=false
      - --providers.docker.network=traefik-public
      - --entrypoints.web.address=:80
      - --entrypoints.websecure.address=:443
      - --certificatesresolvers.le.acme.email=${ACME_EMAIL:?}
    ports: ['80:80', '443:443']
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
      - letsencrypt:/letsencrypt
    labels:
      - traefik.enable=true
      - traefik.http.routers.dash.rule=Host(`traefik.${DOMAIN}`)
      - traefik.http.routers.dash.service=api@internal
      - traefik.http.routers.dash.middlewares=auth
      - traefik.http.middlewares.auth.basicauth.users=${TRAEFIK_DASHBOARD_AUTH}
    networks: [traefik-public]
    restart: unless-stopped
  odoo:
    image: ghcr.io/acme/odoo:${ODOO_VERSION:?}
    depends_on: { db: { condition: service_healthy } }
    environment: { HOST: db, USER: odoo, PASSWORD: '${DB_PASSWORD:?}' }
    volumes: ['odoo-data:/var/lib/odoo', './odoo.conf:/etc/odoo/odoo.conf:ro', './addons:/mnt/extra-addons']
    labels:
      traefik.enable: 'true'
      traefik.http.routers.odoo.rule: Host(`${DOMAIN}`)
      traefik.http.services.odoo.loadbalancer.server.port: '8069'
    healthcheck: { test: [CMD, curl, -f, 'http://localhost:8069/web/health'], interval: 10s, retries: 5 }
    networks: [traefik-public, internal]
    restart: unless-stopped
  db:
    image: postgres:16.4
    environment: { POSTGRES_USER: odoo, POSTGRES_PASSWORD: '${DB_PASSWORD:?}', PGDATA: /var/lib/postgresql/data/pgdata }
    volumes: ['db-data:/var/lib/postgresql/data']
    healthcheck: { test: [CMD-SHELL, 'pg_isready -h localhost -U odoo'], interval: 5s, retries: 10 }
    networks: [internal]
    restart: unless-stopped
networks:
  traefik-public: { external: true }
  internal: { internal: true }
volumes: { odoo-data: , db-data: , letsencrypt: }
",
            ),
            (
                ".env.example",
                "DOMAIN=\nACME_EMAIL=\nODOO_VERSION=\nDB_PASSWORD=\nTRAEFIK_DASHBOARD_AUTH=\n",
            ),
            ("odoo.conf", "[options]\nproxy_mode = True\n"),
            ("addons", ""),
        ],
    ),
    (
        "Odoo with a file for production over the first, on its own machine",
        &[
            (
                "docker-compose.yml",
                r"
services:
  web:
    image: odoo-mta:${TAG:-uat-latest}
    build: .
    ports: ['127.0.0.1:${WEB_PORT:-8069}:8069', '127.0.0.1:${CHAT_PORT:-8072}:8072']
    depends_on: [db]
    env_file: .env
    volumes: ['filestore:/var/lib/odoo']
  db:
    image: postgres:15
    env_file: [{ path: .env, required: true }]
    volumes: ['pg:/var/lib/postgresql/data']
    healthcheck: { test: [CMD, pg_isready, -h, localhost] }
volumes: { filestore: {}, pg: {} }
",
            ),
            (
                "compose.prod.yml",
                "services:\n  web: { restart: always, deploy: { resources: { limits: { memory: 4g } } } }\n  db: { restart: always }\n",
            ),
            ("Dockerfile", "FROM odoo:17.0\n"),
            (".env.example", "POSTGRES_PASSWORD=\nPOSTGRES_USER=odoo\nTAG=\n"),
        ],
    ),
    (
        "Flask with PostgreSQL behind nginx, with certificates of certbot",
        &[
            (
                "docker-compose.yml",
                r"
services:
  web:
    build: { context: ., dockerfile: docker/Dockerfile, args: { VERSION: '${VERSION:-dev}' } }
    image: registry.example.com/flask:${VERSION:-dev}
    command: gunicorn -w 4 -b 0.0.0.0:8000 app:app
    environment:
      DATABASE_URL: postgresql+psycopg://app:${DB_PASSWORD}@db/app
      SECRET_KEY: ${SECRET_KEY:?set it}
    depends_on: { db: { condition: service_healthy }, migrate: { condition: service_completed_successfully } }
    expose: ['8000']
    healthcheck: { test: 'curl -f http://localhost:8000/health || exit 1', interval: 30s, timeout: 5s, retries: 3, start_period: 20s }
    restart: unless-stopped
  migrate:
    image: registry.example.com/flask:${VERSION:-dev}
    command: alembic upgrade head
    environment: { DATABASE_URL: 'postgresql+psycopg://app:${DB_PASSWORD}@db/app' }
    depends_on: { db: { condition: service_healthy } }
  nginx:
    image: nginx:1.27-alpine
    ports: ['80:80', '443:443']
    volumes: ['./nginx/conf.d:/etc/nginx/conf.d:ro', 'certs:/etc/letsencrypt', './nginx/nginx.conf:/etc/nginx/nginx.conf:ro']
    depends_on: [web]
    restart: unless-stopped
  certbot:
    image: certbot/certbot:v2.11.0
    volumes: ['certs:/etc/letsencrypt']
    entrypoint: /bin/sh -c 'trap exit TERM; while :; do certbot renew; sleep 12h & wait $$!; done'
    restart: unless-stopped
  db:
    image: postgres:16
    environment: [POSTGRES_DB=app, POSTGRES_USER=app, 'POSTGRES_PASSWORD=${DB_PASSWORD}']
    volumes: ['pgdata:/var/lib/postgresql/data']
    healthcheck: { test: [CMD-SHELL, 'pg_isready -h 127.0.0.1 -U app'], interval: 5s }
    restart: unless-stopped
volumes: { pgdata: , certs: }
",
            ),
            (".env.example", "DB_PASSWORD=\nSECRET_KEY=\nVERSION=\n"),
            ("docker/Dockerfile", "FROM python:3.12\n"),
            ("nginx/conf.d", ""),
            ("nginx/nginx.conf", "events {}\n"),
        ],
    ),
    (
        "a front end, a back end and a proxy, where only the proxy publishes",
        &[
            (
                "docker-compose.yml",
                r"
x-common: &common
  restart: unless-stopped
  logging: { driver: json-file, options: { max-size: 10m, max-file: '3' } }
services:
  proxy:
    <<: *common
    image: nginx:1.27
    ports: ['${HTTP_PORT:-80}:80']
    volumes: ['./proxy/default.conf:/etc/nginx/conf.d/default.conf:ro']
    depends_on: { frontend: { condition: service_started }, backend: { condition: service_healthy } }
  frontend:
    <<: *common
    image: ghcr.io/acme/frontend:${TAG:?}
  backend:
    <<: *common
    image: ghcr.io/acme/backend:${TAG:?}
    env_file: [./backend/.env]
    healthcheck: { test: [CMD, python, manage.py, check], interval: 10s }
    depends_on: [db, redis]
  redis:
    <<: *common
    image: redis:7.4
    command: redis-server --appendonly yes
    volumes: ['redis:/data']
    healthcheck: { test: [CMD, redis-cli, ping] }
  db:
    <<: *common
    image: postgres:16
    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/db_password }
    secrets: [db_password]
    volumes: ['pg:/var/lib/postgresql/data']
    healthcheck: { test: [CMD, pg_isready, -h, localhost] }
secrets: { db_password: { file: ./secrets/db_password } }
volumes: { redis: , pg: }
",
            ),
            (".env.example", "TAG=\nHTTP_PORT=\n"),
            ("backend/.env.example", "SECRET_KEY=\n"),
            ("proxy/default.conf", "server { listen 80; }\n"),
        ],
    ),
    (
        "Django with workers behind HAProxy",
        &[
            (
                "compose.yaml",
                r"
services:
  haproxy:
    image: haproxytech/haproxy-alpine:3.0
    ports: ['80:80', '443:443', '127.0.0.1:8404:8404']
    volumes: ['./haproxy:/usr/local/etc/haproxy:ro']
    sysctls: [net.ipv4.ip_unprivileged_port_start=0]
    depends_on: { web: { condition: service_healthy } }
    restart: always
  web: &web
    image: ghcr.io/acme/shop@${DIGEST:?}
    environment: &env { DJANGO_SETTINGS_MODULE: shop.settings, DATABASE_URL: '${DATABASE_URL:?}', BROKER: 'amqp://rabbit' }
    deploy: { replicas: 2, resources: { limits: { memory: 512m, cpus: '0.5' } } }
    healthcheck: { test: [CMD, python, -c, 'import urllib.request as u; u.urlopen(`http://localhost:8000/up`)'] }
    restart: always
  worker:
    <<: *web
    command: [celery, -A, shop, worker]
    healthcheck: { disable: true }
  rabbit:
    image: rabbitmq:3.13-management
    volumes: ['rabbit:/var/lib/rabbitmq']
    healthcheck: { test: [CMD, rabbitmq-diagnostics, -q, ping] }
    restart: always
volumes: { rabbit: }
",
            ),
            (".env.example", "DIGEST=\nDATABASE_URL=\n"),
            ("haproxy", ""),
        ],
    ),
];
