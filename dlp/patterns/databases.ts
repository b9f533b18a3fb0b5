import { around, keyed, prefixed, type TokenPattern } from "./row.ts";

const SNOWFLAKE_LOGIN = "https://docs.snowflake.com/en/developer-guide/snowsql-login";
const URI = "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1";
/** User, colon, password, at sign: the password is what must not leave. */
const USERINFO =
  "://(?!(?<user>[^\\s:/@]{1,60}):\\k<user>@)[^\\s:/@\"'<>{}]{0,80}:(?<secret>[^\\s/@\"'<>{}]{3,120}(?:@[^\\s/@:\"'<>{}]{1,40})?)@[A-Za-z0-9\\[]";

/** The same at a server elsewhere: a password for one's own machine is worth little. */
const REMOTE_USERINFO = USERINFO.replace(
  "@[A-Za-z0-9",
  "@(?!localhost\\b|127\\.|0\\.0\\.0\\.0|\\[::1|host\\.docker|db[:/])[A-Za-z0-9",
);

/** Databases, and connection strings that carry a password. */
export const databases: readonly TokenPattern[] = [
  around(
    "database-url",
    "database",
    [
      "mongodb",
      "postgres",
      "postgis",
      "mysql",
      "mariadb",
      "redis",
      "amqp",
      "mssql",
      "sqlserver",
      "clickhouse:",
      "cockroachdb",
      "nats:",
      "kafka:",
      "ldap",
    ],
    `(?:mongodb(?:\\+srv)?|postgres(?:ql)?|postgis|mysql2?|mariadb|rediss?|amqps?|mssql|sqlserver|clickhouse|cockroachdb|nats|kafka|ldaps?)(?:\\+[a-z0-9]{1,12})?${REMOTE_USERINFO}`,
    URI,
    {
      reach: [16, 280],
      right: "",
      check: "password",
      sure: "(?=[^]{0,120}[^a-z])[^]{6,160}",
    },
  ),
  // Servers on the same machine, or named without a domain, as in a compose file.
  around(
    "local-database-url",
    "database",
    ["@localhost", "@127.0.0.1", "@0.0.0.0", "@[::1]", "@host.docker", "@%2f", "@db:", "@db/"],
    `(?:mongodb|postgres(?:ql)?|mysql2?|mariadb|rediss?|amqps?|mssql|sqlserver)(?:\\+[a-z0-9]{1,12})?${
      USERINFO.replace("A-Za-z0-9", "A-Za-z0-9%")
    }`,
    URI,
    { reach: [240, 8], right: "", check: "password", severity: "warn" },
  ),
  around(
    "url-password",
    "any server",
    ["://"],
    `(?:https?|ftps?|sftp|smtps?|imaps?|ssh|git|socks5?|ws|wss)${USERINFO}`,
    URI,
    { reach: [8, 280], right: "", check: "password", severity: "supervise" },
  ),
  around(
    "odbc-password",
    "database",
    ["password=", "pwd="],
    '(?:(?:Server|Data Source|Host|Driver|Database|User Id|Uid)=[^;\\n"]{1,120};){1}(?:[A-Za-z ]{1,40}=[^;\\n"]{0,120};){0,8}?\\s?(?:Password|Pwd)=(?<secret>[^;\\s"\'<{]{3,80})',
    "https://learn.microsoft.com/en-us/sql/connect/oledb/applications/using-connection-string-keywords-with-oledb-driver-for-sql-server",
    { reach: [300, 100], left: "", right: "", ignoreCase: true, check: "password" },
  ),
  prefixed(
    "mongodb-atlas-secret",
    "MongoDB",
    ["mdb_sa_sk_", "mdb_sa_id_"],
    "[A-Za-z0-9_\\-]{24,48}",
    "https://www.mongodb.com/docs/atlas/api/service-accounts-overview/",
    { sure: "mdb_sa_sk_[A-Za-z0-9_\\-]{40}" },
  ),
  keyed(
    "mongodb-atlas-key",
    "MongoDB",
    ["atlas"],
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "https://www.mongodb.com/docs/atlas/configure-api-access/",
    { common: true },
  ),
  prefixed(
    "planetscale-token",
    "PlanetScale",
    ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
    "[A-Za-z0-9=._\\-]{32,64}",
    "https://planetscale.com/docs/concepts/service-tokens",
  ),
  keyed(
    "planetscale-id",
    "PlanetScale",
    ["pscale_user", "planetscale_id", "planetscale_token_id", "pscale_id", "pscale", "planetscale"],
    "[a-z0-9]{12}",
    "https://planetscale.com/docs/concepts/service-tokens",
  ),
  prefixed(
    "cockroach-key",
    "CockroachDB",
    "CCDB1_",
    "[A-Za-z0-9]{22}_[A-Za-z0-9]{40}",
    "https://www.cockroachlabs.com/docs/cockroachcloud/managing-access",
  ),
  prefixed("neon-key", "Neon", "napi_", "[a-z0-9]{64}", "https://neon.com/docs/manage/api-keys"),
  prefixed(
    "supabase-key",
    "Supabase",
    ["sb_secret_", "sbp_"],
    "(?:(?<=sbp_)[a-z0-9]{40}|(?<=sb_secret_)[A-Za-z0-9_\\-]{31})",
    "https://supabase.com/docs/guides/api/api-keys",
  ),
  prefixed(
    "databricks-token",
    "Databricks",
    "dapi",
    "[a-fA-F0-9x]{32}(?:-[0-9])?",
    "https://docs.databricks.com/en/dev-tools/auth/pat.html",
    { minEntropy: 3 },
  ),
  prefixed(
    "databricks-token-typed",
    "Databricks",
    ["dapif", "dose", "dkea"],
    "[a-f0-9]{31,32}(?:-[0-9])?",
    "https://docs.databricks.com/en/dev-tools/auth/pat.html",
  ),
  prefixed(
    "clickhouse-secret",
    "ClickHouse",
    "4b1d",
    "[A-Za-z0-9]{38}",
    "https://clickhouse.com/docs/cloud/manage/openapi",
  ),
  keyed(
    "clickhouse-key-id",
    "ClickHouse",
    "clickhouse",
    "[A-Za-z0-9]{20}",
    "https://clickhouse.com/docs/cloud/manage/openapi",
  ),
  keyed(
    "snowflake-token",
    "Snowflake",
    "snowflake",
    "[A-Za-z0-9_\\-]{70,300}",
    "https://docs.snowflake.com/en/user-guide/programmatic-access-tokens",
  ),
  keyed(
    "snowflake-password",
    "Snowflake",
    ["snowflake_password", "snowflake password", "snowflakepassword", "snowsql_pwd"],
    "[^\\s\"'$<>{}]{8,80}",
    SNOWFLAKE_LOGIN,
    { exactName: true, severity: "supervise", check: "password", left: "", right: "" },
  ),
  keyed(
    "influxdb-token",
    "InfluxDB",
    "influx",
    "[A-Za-z0-9_\\-]{86}==",
    "https://docs.influxdata.com/influxdb/v2/admin/tokens/",
    { right: "=" },
  ),
  keyed(
    "couchbase-key",
    "Couchbase",
    ["couchbase", "capella"],
    "[A-Za-z0-9+/]{60,100}={0,2}",
    "https://docs.couchbase.com/cloud/management-api-guide/management-api-start.html",
  ),
  prefixed(
    "astra-token",
    "DataStax",
    "AstraCS:",
    "[A-Za-z0-9]{20,40}(?::[a-f0-9]{64})?",
    "https://docs.datastax.com/en/astra-db-serverless/administration/manage-application-tokens.html",
  ),
  keyed(
    "aiven-token",
    "Aiven",
    ["aiven", "aivenv1"],
    "[A-Za-z0-9+/=]{150,400}",
    "https://aiven.io/docs/platform/howto/create_authentication_token",
  ),
];
