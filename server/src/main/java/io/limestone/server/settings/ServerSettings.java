package io.limestone.server.settings;

import java.time.Duration;
import java.util.List;

/** Settings of the process as a whole: listeners' bounds, database, PKI, management. */
public final class ServerSettings {
  public static final Setting<List<String>> ROLES =
      Setting.listOf(
          "server.roles",
          "registrar, verifier",
          List.of("registrar", "verifier"),
          "Which parts this process runs.");
  public static final Setting<String> DATABASE_URL =
      Setting.secretText(
          "server.database_url",
          "sqlite",
          "`sqlite` is the file `limestone.db` in the home folder; or"
              + " `postgresql://user:password@host:port/database`.");
  public static final Setting<Integer> DATABASE_CONNECTIONS =
      Setting.integer(
          "server.database_connections",
          10,
          2,
          200,
          "Connections to PostgreSQL, or readers of SQLite.");
  public static final Setting<String> TLS_DIR =
      Setting.text(
          "server.tls_dir",
          "default",
          "Folder with the CA's certificate and the server's and the client's keys and certificates,"
              + " under the names of Keylime's CA folder; `default` is `pki` in the home folder, made at"
              + " the first start.");
  public static final Setting<List<String>> TRUSTED_CLIENT_CA =
      Setting.list(
          "server.trusted_client_ca",
          "cacert.crt",
          "CA certificates (PEM files, relative to tls_dir) whose client certificates are"
              + " administrators. There is no value that turns the check off.");
  public static final Setting<List<String>> CERT_SUBJECT_ALTERNATIVE_NAMES =
      Setting.list(
          "server.cert_subject_alternative_names",
          "",
          "More names and addresses for the server certificate made at the first start.");
  public static final Setting<Boolean> NATIVE_TLS =
      Setting.bool(
          "server.native_tls",
          true,
          "TLS by BoringSSL where its native library loads; by the JDK otherwise, or when false.");
  public static final Setting<Duration> HANDSHAKE_TIMEOUT =
      Setting.seconds(
          "server.handshake_timeout",
          "60",
          0.05,
          600,
          "From a connection to its finished TLS handshake.");
  public static final Setting<Duration> IDLE_TIMEOUT =
      Setting.seconds(
          "server.idle_timeout",
          "60",
          0.05,
          3600,
          "From a connection or an answer to the complete head of the next request.");
  public static final Setting<Duration> UPLOAD_TIMEOUT =
      Setting.seconds(
          "server.upload_timeout",
          "120",
          0.05,
          3600,
          "From a request's head to its complete body.");
  public static final Setting<Duration> HANDLING_TIMEOUT =
      Setting.seconds(
          "server.handling_timeout", "60", 0.05, 3600, "How long answering may take; then 503.");
  public static final Setting<Integer> MAX_HEAD_SIZE =
      Setting.integer(
          "server.max_head_size", 65536, 1024, 1048576, "Bytes of a request's line and headers.");
  public static final Setting<Integer> MAX_REQUESTS =
      Setting.integer(
          "server.max_requests", 1000, 1, 100000, "Requests worked on side by side; more get 503.");
  public static final Setting<Integer> MAX_CONNECTIONS =
      Setting.integer(
          "server.max_connections", 20000, 1, 1000000, "Connections open at once, of each port.");
  public static final Setting<Integer> MAX_CONNECTIONS_PER_ADDRESS =
      Setting.integer(
          "server.max_connections_per_address",
          512,
          1,
          1000000,
          "Connections open at once from one address (IPv6: one /64), of each port.");
  public static final Setting<String> MANAGEMENT_IP =
      Setting.text("management.ip", "127.0.0.1", "Address of the management port.");
  public static final Setting<Integer> MANAGEMENT_PORT =
      Setting.integer(
          "management.port",
          8880,
          0,
          65535,
          "Health and metrics, plain HTTP; 0 takes any free port.");

  static final List<Setting<?>> ALL =
      List.of(
          ROLES,
          DATABASE_URL,
          DATABASE_CONNECTIONS,
          TLS_DIR,
          TRUSTED_CLIENT_CA,
          CERT_SUBJECT_ALTERNATIVE_NAMES,
          NATIVE_TLS,
          HANDSHAKE_TIMEOUT,
          IDLE_TIMEOUT,
          UPLOAD_TIMEOUT,
          HANDLING_TIMEOUT,
          MAX_HEAD_SIZE,
          MAX_REQUESTS,
          MAX_CONNECTIONS,
          MAX_CONNECTIONS_PER_ADDRESS,
          MANAGEMENT_IP,
          MANAGEMENT_PORT);

  private ServerSettings() {}
}
