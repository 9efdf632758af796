//! A stack with an application and a `PostgreSQL` database that holds orders.

use crate::kit::stack::{IMAGE, Ran, Stack, docker_out};

const DATABASE: &str = "mta-test/postgres:15";

/// Its compose file. `HEALTH` is the command of the application's health check.
pub fn compose() -> String {
    format!(
        r#"
services:
  db:
    image: {DATABASE}
    environment:
      POSTGRES_USER: chief
      POSTGRES_DB: shop
      POSTGRES_PASSWORD_FILE: /run/secrets/password
    volumes: [./secrets/password:/run/secrets/password:ro, "data:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "chief"]
      interval: 1s
      retries: 30
  app:
    image: {IMAGE}
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
    healthcheck:
      test: ["CMD", "${{HEALTH:-true}}"]
      interval: 1s
      retries: 2
volumes:
  data: {{}}
"#
    )
}

/// A deployed stack whose database has 10 orders.
pub fn deployed() -> Stack {
    let mut stack = Stack::new(&compose());
    stack.flag("secret-files", "secrets/password=not-for-the-log-4711");
    done(&stack.run("deploy", &[("database-service", "db")]));
    sql(&stack, "CREATE TABLE orders AS SELECT generate_series(1, 10) AS n");
    stack
}

/// What a statement answers in the database `shop`.
pub fn sql(stack: &Stack, statement: &str) -> String {
    let id = stack.containers()["db"].clone();
    docker_out(&[
        "exec", &id, "psql", "-X", "-A", "-t", "-q", "-U", "chief", "-d", "shop", "-c", statement,
    ])
}

/// How many orders there are.
pub fn orders(stack: &Stack) -> String {
    sql(stack, "SELECT count(*) FROM orders")
}

/// Checks that a run ended well and told no secret.
pub fn done(ran: &Ran) {
    assert_eq!((ran.code, ran.outputs["result"].as_str()), (0, "done"), "{}", ran.log);
    let told = |line: &&str| line.contains("not-for-the-log") && !line.starts_with("::add-mask::");
    assert_eq!(ran.log.lines().find(told), None);
}
