//! Ways to write a stack: each another form that Compose takes.

use super::Stack;

pub(super) const STACKS: &[Stack] = &[
    (
        "files that are included, each with its own folder and env file",
        &[
            (
                "compose.yaml",
                "include:\n  - infra/compose.yaml\n  - { path: [app/compose.yaml, app/compose.override.yaml], project_directory: app, env_file: app/prod.env }\nservices:\n  web: { image: 'a:1', depends_on: [db, app] }\n",
            ),
            (
                "infra/compose.yaml",
                "services:\n  db: { image: 'postgres:${PG}', volumes: ['pg:/var/lib/postgresql/data'], healthcheck: { test: [CMD, pg_isready, -h, localhost] } }\nvolumes: { pg: }\n",
            ),
            ("infra/.env", "PG=16\n"),
            (
                "app/compose.yaml",
                "services:\n  app: { image: 'app:${TAG}', volumes: ['./conf:/conf:ro'] }\n",
            ),
            ("app/compose.override.yaml", "services:\n  app: { restart: always }\n"),
            ("app/prod.env", "TAG=3\n"),
            ("app/conf", ""),
        ],
    ),
    (
        "services that extend others, of this file and another",
        &[
            (
                "compose.yaml",
                "services:\n  web: { extends: base, image: 'a:1' }\n  worker: { extends: { file: common/base.yaml, service: worker }, command: [work] }\n  base: { image: 'a:1', environment: { A: b } }\n",
            ),
            (
                "common/base.yaml",
                "services:\n  worker: { extends: { service: plain }, env_file: worker.env }\n  plain: { image: 'a:1', build: ./worker }\n",
            ),
            ("common/worker.env", "LOG_LEVEL=info\n"),
            ("common/worker", ""),
            ("common/worker/Dockerfile", "FROM a\n"),
        ],
    ),
    (
        "a project in a folder, with its own env file",
        &[
            ("compose.yaml", "include: [deploy/compose.yaml]\n"),
            (
                "deploy/compose.yaml",
                "services:\n  a: { image: 'a:${TAG:-1}', env_file: .env, volumes: ['./conf.d:/etc/a/conf.d'] }\n",
            ),
            ("deploy/conf.d", ""),
        ],
    ),
    (
        "several files by `COMPOSE_FILE`",
        &[
            (".env.example", "COMPOSE_FILE=deploy/base.yml:deploy/uat.yml\nTAG=\n"),
            ("deploy/base.yml", "services:\n  a: { image: 'a:${TAG}' }\n"),
            ("deploy/uat.yml", "services:\n  a: { environment: { STAGE: uat } }\n"),
            ("deploy/.env.example", "TAG=\n"),
        ],
    ),
    (
        "the long form of everything",
        &[
            (
                "compose.yaml",
                "services:\n  a:\n    image: a:1\n    ports: [{ target: 80, published: '8080', protocol: tcp, mode: host, host_ip: 127.0.0.1, name: web }]\n    volumes:\n      - { type: bind, source: ./conf, target: /conf, read_only: true, bind: { create_host_path: false } }\n      - { type: tmpfs, target: /tmp, tmpfs: { size: 64m } }\n      - { type: volume, source: v, target: /v, volume: { nocopy: true } }\n    configs: [{ source: c, target: /c, mode: 0440 }]\n    secrets: [{ source: s, target: s.txt, uid: '1000', mode: 0400 }]\n    depends_on: { b: { condition: service_started, restart: true, required: false } }\n    networks: { n: { aliases: [x], ipv4_address: 10.5.0.5 } }\n  b: { image: 'b:1' }\nconfigs: { c: { file: ./conf/c.txt } }\nsecrets: { s: { file: ./secrets/s } }\nnetworks: { n: { ipam: { config: [{ subnet: 10.5.0.0/16 }] } } }\nvolumes: { v: { labels: { keep: 'yes' } } }\n",
            ),
            ("conf", ""),
            ("conf/c.txt", "x\n"),
        ],
    ),
    (
        "anchors, merge keys and keys of one's own",
        &[(
            "compose.yaml",
            "x-env: &env { A: '1', B: two }\nx-limits: &limits { deploy: { resources: { limits: { memory: 256m } } } }\nservices:\n  a: { <<: *limits, image: 'a:1', environment: { <<: *env, C: x }, x-note: any }\n  b: { <<: [*limits, { restart: always }], image: 'a:1', environment: *env }\n",
        )],
    ),
    (
        "an override that resets and replaces",
        &[
            (
                "compose.yaml",
                "services:\n  a: { image: 'a:1', ports: ['80:80'], environment: { DEBUG: '1' }, command: [run] }\n",
            ),
            (
                "compose.override.yaml",
                "services:\n  a: { ports: !override ['127.0.0.1:80:80'], environment: { DEBUG: !reset null }, command: null }\n",
            ),
        ],
    ),
    (
        "variables in every form",
        &[
            (
                "compose.yaml",
                "services:\n  a:\n    image: 'r.example.com/${ORG:-acme}/a:${TAG:?name a tag}'\n    environment: { A: '${A-}', B: '${B:+yes}', C: '${C:-${D:-e}}', D: '$$HOME', E: '${E?}' }\n    command: 'sh -c ''echo $${HOSTNAME}'''\n",
            ),
            (".env.example", "TAG=\nE=\n"),
        ],
    ),
    (
        "no example and no env file, defaults for all",
        &[(
            "compose.yaml",
            "services:\n  a: { image: 'a:${TAG:-1}', ports: ['${PORT:-80}:80'], volumes: ['${DATA:-data}:/data'] }\nvolumes: { data: }\n",
        )],
    ),
    (
        "numbers and truth values as text, and as themselves",
        &[
            (
                "compose.yaml",
                "services:\n  a:\n    image: a:1\n    init: true\n    tty: '${TTY:-false}'\n    cpus: 0.5\n    mem_limit: ${MEM:-512m}\n    pids_limit: 200\n    scale: ${SCALE}\n    healthcheck: { test: [CMD, x], interval: '${EVERY}', retries: '${RETRIES:-3}' }\n    restart: ${RESTART}\n    privileged: false\n",
            ),
            (".env.example", "SCALE=\nEVERY=\nRESTART=\n"),
        ],
    ),
    (
        "networks that only the host knows",
        &[
            (
                "compose.yaml",
                "services:\n  a: { image: 'a:1', networks: [edge] }\nnetworks: { edge: { external: true, name: '${EDGE}' } }\n",
            ),
            (".env.example", "EDGE=\n"),
        ],
    ),
    (
        "secrets that the host keeps",
        &[
            (
                "compose.yaml",
                "services:\n  a: { image: 'a:1', secrets: [a, b, c] }\nsecrets:\n  a: { file: '${SECRETS_DIR}/a' }\n  b: { file: /etc/shop/b }\n  c: { external: true }\n",
            ),
            (".env.example", "SECRETS_DIR=\n"),
        ],
    ),
    (
        "a build with a target, secrets, caches and platforms",
        &[
            (
                "compose.yaml",
                "services:\n  a:\n    image: r.example.com/a:${TAG:-dev}\n    build: { context: ./a, target: prod, args: [VERSION, 'B=1'], secrets: [npm], cache_from: ['type=registry,ref=r.example.com/a:cache'], platforms: [linux/amd64, linux/arm64], additional_contexts: { lib: ./lib } }\n    platform: linux/amd64\n  b: { image: 'b:1', build: { context: ., dockerfile_inline: \"FROM b\\n\" } }\n  c: { image: 'c:1', build: 'https://github.com/acme/c.git#v1' }\nsecrets: { npm: { environment: NPM_TOKEN } }\n",
            ),
            ("a", ""),
            ("a/Dockerfile", "FROM a AS prod\n"),
            ("lib", ""),
        ],
    ),
    (
        "one port by two protocols, and by two addresses",
        &[(
            "compose.yaml",
            "services:\n  dns: { image: 'a:1', ports: ['53:53/tcp', '53:53/udp'] }\n  a: { image: 'a:1', ports: ['127.0.0.1:8080:80'] }\n  b: { image: 'a:1', ports: ['127.0.0.2:8080:80', '[::1]:8080:80', '80'] }\n",
        )],
    ),
    (
        "files that have to do with env files and are none",
        &[
            ("compose.yaml", "services:\n  a: { image: 'a:1', env_file: [versions.env] }\n"),
            ("versions.env", "POSTGRES_VERSION=16\nLOG_LEVEL=info\n"),
            (".env.schema", "DB_PASSWORD=string\n"),
            (".env.vault", "DOTENV_VAULT_PRODUCTION=\"x\"\n"),
            (".env.j2", "DB_PASSWORD={{ db_password }}\n"),
            ("src/.env.d.ts", "interface ImportMetaEnv { API_KEY: string }\n"),
        ],
    ),
    (
        "an example with comments, quotes and references",
        &[
            (
                "compose.yaml",
                "services:\n  a: { image: 'a:1', environment: { URL: '${URL}', MAIL: '${MAIL}' } }\n",
            ),
            (
                ".env.example",
                "# where the shop is\nexport HOST=example.com\nURL=\"https://${HOST}/\"\nMAIL='Shop <shop@example.com>'\n\nEMPTY=\n",
            ),
        ],
    ),
];
