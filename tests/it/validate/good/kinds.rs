//! Programs that teams run: each another kind of stack.

use super::Stack;

pub(super) const STACKS: &[Stack] = &[
    (
        "a development stack that mounts its own checkout",
        &[
            (
                "compose.yaml",
                "services:\n  web:\n    build: .\n    volumes: ['.:/code', '/code/node_modules', './:/x:ro', {type: bind, source: ., target: /y}]\n    ports: ['127.0.0.1:3000:3000']\n    develop: { watch: [{ path: ./src, action: sync, target: /code/src }] }\n",
            ),
            ("Dockerfile", "FROM node:22\n"),
            ("src", ""),
        ],
    ),
    (
        "ports that only the host knows",
        &[
            (
                "compose.yaml",
                "services:\n  web: { image: 'a:1', ports: ['${WEB_PORT}:80'] }\n  api: { image: 'a:1', ports: ['${API_PORT}:80', '${BIND}:9000:9000'] }\n  tls: { image: 'a:1', ports: ['${BIND}:${TLS_PORT}:443'] }\n",
            ),
            (".env.example", "WEB_PORT=\nAPI_PORT=\nTLS_PORT=\nBIND=\n"),
        ],
    ),
    (
        "data folders that only the host knows",
        &[
            (
                "compose.yaml",
                "services:\n  db: { image: 'postgres:16', volumes: ['${DATA_DIR}/pg:/var/lib/postgresql/data'], healthcheck: { test: [CMD, pg_isready, -h, localhost] } }\n  files: { image: 'a:1', volumes: ['$DATA_DIR:/srv', '${BACKUPS:?}:/backups:ro'] }\n",
            ),
            (".env.example", "DATA_DIR=\nBACKUPS=\n"),
        ],
    ),
    (
        "MariaDB with WordPress",
        &[
            (
                "docker-compose.yml",
                "services:\n  wordpress:\n    image: wordpress:6.6-php8.3-apache\n    ports: ['127.0.0.1:8080:80']\n    environment: { WORDPRESS_DB_HOST: db, WORDPRESS_DB_PASSWORD: '${DB_PASSWORD}' }\n    volumes: ['wp:/var/www/html']\n  db:\n    image: mariadb:11.4\n    environment: { MARIADB_ROOT_PASSWORD: '${DB_PASSWORD}' }\n    volumes: ['db:/var/lib/mysql']\n    healthcheck: { test: [CMD, healthcheck.sh, --connect, --innodb_initialized] }\nvolumes: { wp: , db: }\n",
            ),
            (".env.example", "DB_PASSWORD=\n"),
        ],
    ),
    (
        "MySQL with its configuration",
        &[
            (
                "compose.yml",
                "services:\n  db:\n    image: mysql:8.4\n    command: --innodb-buffer-pool-size=1G\n    environment: { MYSQL_ROOT_PASSWORD_FILE: /run/secrets/root }\n    secrets: [root]\n    volumes: ['db:/var/lib/mysql', './my.cnf:/etc/mysql/conf.d/my.cnf:ro']\n    healthcheck: { test: [CMD, mysqladmin, ping, -h, localhost] }\nsecrets: { root: { environment: MYSQL_ROOT } }\nvolumes: { db: }\n",
            ),
            ("my.cnf", "[mysqld]\nmax_connections = 200\n"),
        ],
    ),
    (
        "a replica set of MongoDB",
        &[(
            "compose.yaml",
            "services:\n  m1: &m\n    image: mongo:7.0\n    command: [mongod, --replSet, rs0, --bind_ip_all]\n    volumes: ['m1:/data/db']\n    healthcheck: { test: [CMD, mongosh, --eval, 'db.adminCommand(1)'] }\n  m2: { <<: *m, volumes: ['m2:/data/db'] }\nvolumes: { m1: , m2: }\n",
        )],
    ),
    (
        "a search engine with its limits",
        &[(
            "compose.yaml",
            "services:\n  es:\n    image: docker.elastic.co/elasticsearch/elasticsearch:8.15.0\n    environment: [discovery.type=single-node, 'ES_JAVA_OPTS=-Xms1g -Xmx1g']\n    ulimits: { memlock: { soft: -1, hard: -1 }, nofile: 65536 }\n    volumes: ['es:/usr/share/elasticsearch/data']\n    healthcheck: { test: [CMD-SHELL, 'curl -s localhost:9200 | grep -q name'] }\nvolumes: { es: }\n",
        )],
    ),
    (
        "a game server with a range of UDP ports",
        &[(
            "compose.yaml",
            "services:\n  game: { image: 'acme/game:2.1', ports: ['27015-27030:27015-27030/udp', '7777:7777/udp'] }\n  voice: { image: 'acme/voice:1', ports: ['10000-20000:10000-20000/udp', '5432-5440:5432-5440/udp'] }\n",
        )],
    ),
    (
        "a media server with devices and groups",
        &[(
            "compose.yaml",
            "services:\n  media:\n    image: lscr.io/linuxserver/jellyfin:10.9.10\n    devices: ['/dev/dri:/dev/dri']\n    group_add: ['44']\n    environment: { PUID: 1000, PGID: 1000, TZ: Europe/Vienna }\n    volumes: ['config:/config', '/srv/media:/media:ro']\n    ports: ['8096:8096']\nvolumes: { config: }\n",
        )],
    ),
    (
        "a graphics card that is reserved",
        &[(
            "compose.yaml",
            "services:\n  llm:\n    image: ollama/ollama:0.3.9\n    volumes: ['models:/root/.ollama']\n    deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }\nvolumes: { models: }\n",
        )],
    ),
    (
        "metrics with Prometheus, node exporter and Grafana",
        &[
            (
                "compose.yaml",
                "services:\n  prometheus: { image: 'prom/prometheus:v2.54.0', volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml:ro', 'prom:/prometheus'] }\n  node: { image: 'prom/node-exporter:v1.8.2', volumes: ['/:/host:ro,rslave'], command: --path.rootfs=/host }\n  grafana: { image: 'grafana/grafana:11.2.0', environment: { GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana }, secrets: [grafana], volumes: ['grafana:/var/lib/grafana'] }\nsecrets: { grafana: { file: ./secrets/grafana } }\nvolumes: { prom: , grafana: }\n",
            ),
            ("prometheus.yml", "scrape_configs: []\n"),
        ],
    ),
    (
        "Traefik that reaches the engine by a socket proxy",
        &[(
            "compose.yaml",
            "services:\n  socket:\n    image: tecnativa/docker-socket-proxy:0.3.0\n    environment: { CONTAINERS: 1 }\n    volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']\n    networks: [socket]\n  traefik:\n    image: traefik:v3.1\n    command: ['--providers.docker.endpoint=tcp://socket:2375', '--providers.docker.network=web']\n    ports: ['80:80', '443:443']\n    networks: [socket, web]\n  app:\n    image: acme/app:1\n    networks: [web, back]\n    labels: ['traefik.http.routers.app.rule=Host(`a.example.com`)', 'traefik.http.services.app.loadbalancer.server.port=8000']\nnetworks: { socket: { internal: true }, web: { name: web }, back: }\n",
        )],
    ),
    (
        "Traefik with its static file and networks by label",
        &[
            (
                "compose.yaml",
                "services:\n  traefik: { image: 'traefik:3.1', ports: ['80:80'], volumes: ['./traefik.yml:/etc/traefik/traefik.yml:ro'], networks: [edge] }\n  app:\n    image: acme/app:1\n    networks: [edge, back]\n    labels: { traefik.docker.network: shop_edge, traefik.http.routers.app.rule: 'PathPrefix(`/`)', traefik.http.services.app.loadbalancer.server.port: 8000 }\nname: shop\nnetworks: { edge: , back: }\n",
            ),
            ("traefik.yml", "providers: {docker: {}}\n"),
        ],
    ),
    (
        "Caddy before a PHP application",
        &[
            (
                "compose.yaml",
                "services:\n  caddy: { image: 'caddy:2.8', ports: ['80:80', '443:443', '443:443/udp'], volumes: ['./Caddyfile:/etc/caddy/Caddyfile:ro', 'caddy:/data', 'app:/srv:ro'] }\n  php: { image: 'acme/php:${TAG:?}', volumes: ['app:/srv'] }\nvolumes: { caddy: , app: }\n",
            ),
            ("Caddyfile", "localhost\n"),
            (".env.example", "TAG=\n"),
        ],
    ),
    (
        "a mail server with many ports on all addresses",
        &[(
            "compose.yaml",
            "services:\n  mail:\n    image: ghcr.io/docker-mailserver/docker-mailserver:14.0\n    hostname: mail.example.com\n    ports: ['25:25', '143:143', '465:465', '587:587', '993:993']\n    cap_add: [NET_BIND_SERVICE]\n    volumes: ['mail:/var/mail', '/etc/localtime:/etc/localtime:ro']\n    stop_grace_period: 1m\nvolumes: { mail: }\n",
        )],
    ),
    (
        "Kafka without a keeper",
        &[(
            "compose.yaml",
            "services:\n  kafka:\n    image: apache/kafka:3.8.0\n    ports: ['127.0.0.1:9092:9092']\n    environment: { KAFKA_NODE_ID: 1, KAFKA_PROCESS_ROLES: 'broker,controller' }\n    volumes: ['kafka:/var/lib/kafka']\nvolumes: { kafka: }\n",
        )],
    ),
    (
        "storage that speaks S3, published to the host alone",
        &[
            (
                "compose.yaml",
                "services:\n  minio:\n    image: minio/minio:RELEASE.2024-08-29T01-40-52Z\n    command: server /data --console-address :9001\n    environment: { MINIO_ROOT_USER: '${MINIO_USER}', MINIO_ROOT_PASSWORD: '${MINIO_PASSWORD}' }\n    ports: ['127.0.0.1:9000-9001:9000-9001']\n    volumes: ['minio:/data']\nvolumes: { minio: }\n",
            ),
            (".env.example", "MINIO_USER=\nMINIO_PASSWORD=\n"),
        ],
    ),
    (
        "a job that backs up, in a profile",
        &[
            (
                "compose.yaml",
                "services:\n  app: { image: 'acme/app:1', restart: always }\n  backup: { image: 'acme/backup:1', profiles: [backup], volumes: ['data:/data:ro'], environment: { TARGET: '${TARGET:?}' } }\nvolumes: { data: }\n",
            ),
            (".env.example", "TARGET=\n"),
        ],
    ),
    (
        "two variants of one service in two profiles, and one image of several",
        &[(
            "compose.yaml",
            "services:\n  cpu: { image: 'acme/app:1', profiles: [cpu], ports: ['8000:8000'] }\n  gpu: { image: 'acme/app:1-gpu', profiles: [gpu], ports: ['8001:8000'] }\n",
        )],
    ),
    (
        "a VPN through which another container goes",
        &[(
            "compose.yaml",
            "services:\n  vpn: { image: 'acme/wireguard:1', devices: ['/dev/net/tun'], sysctls: { net.ipv4.conf.all.src_valid_mark: 1 }, ports: ['127.0.0.1:8080:8080'] }\n  client: { image: 'acme/client:1', network_mode: 'service:vpn', depends_on: [vpn] }\n",
        )],
    ),
    (
        "ClickHouse with generated configuration",
        &[(
            "compose.yaml",
            "services:\n  ch: { image: 'clickhouse/clickhouse-server:24.8', configs: [{ source: users, target: /etc/clickhouse-server/users.d/u.xml }], ulimits: { nofile: { soft: 262144, hard: 262144 } }, volumes: ['ch:/var/lib/clickhouse'] }\nconfigs:\n  users: { content: '<clickhouse/>' }\nvolumes: { ch: }\n",
        )],
    ),
    (
        "a database for tests that forgets",
        &[(
            "compose.yaml",
            "services:\n  db: { image: 'postgres:16', tmpfs: /var/lib/postgresql/data, environment: { POSTGRES_HOST_AUTH_METHOD: trust }, healthcheck: { test: [CMD, pg_isready, -h, localhost] } }\n",
        )],
    ),
    (
        "a registry with a mirror and what cleans it",
        &[
            (
                "compose.yaml",
                "services:\n  registry: { image: 'registry:2.8.3', ports: ['127.0.0.1:5000:5000'], volumes: ['registry:/var/lib/registry', './config.yml:/etc/docker/registry/config.yml:ro'] }\n  gc: { image: 'registry:2.8.3', command: [registry, garbage-collect, /etc/docker/registry/config.yml], restart: 'no', volumes: ['registry:/var/lib/registry'] }\nvolumes: { registry: { driver: local, driver_opts: { type: none, o: bind, device: /srv/registry } } }\n",
            ),
            ("config.yml", "version: 0.1\n"),
        ],
    ),
    (
        "Odoo with modules of the repository",
        &[
            (
                "compose.yaml",
                "services:\n  odoo: { image: 'odoo:17.0', volumes: ['./addons:/mnt/extra-addons:ro', 'data:/var/lib/odoo', './odoo.conf:/etc/odoo/odoo.conf:ro'], depends_on: { db: { condition: service_healthy } }, healthcheck: { test: [CMD, curl, -f, 'http://localhost:8069/web/health'] } }\n  db: { image: 'postgres:16', environment: { POSTGRES_PASSWORD: '${DB_PASSWORD:?}' }, volumes: ['pg:/var/lib/postgresql/data'], healthcheck: { test: [CMD, pg_isready, -h, localhost] } }\nvolumes: { data: , pg: }\n",
            ),
            (".env.example", "DB_PASSWORD=\n"),
            ("odoo.conf", "[options]\naddons_path = /mnt/extra-addons\n"),
            ("addons", ""),
            ("addons/shop/__init__.py", "from . import models\n"),
            (
                "addons/shop/__manifest__.py",
                "{\n    'name': 'Shop',\n    'version': '17.0.1.0.0',\n    'license': 'LGPL-3',\n    'author': 'Acme',\n    'depends': ['base'],\n    'data': ['views/shop.xml', 'security/ir.model.access.csv'],\n}\n",
            ),
            ("addons/shop/models.py", "from odoo import models\n"),
            ("addons/shop/views/shop.xml", "<odoo/>\n"),
            ("addons/shop/security/ir.model.access.csv", "id,name\n"),
        ],
    ),
];
