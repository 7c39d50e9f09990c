package io.limestone.server.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the schema up to date: the migrations not applied yet, in order, all in one transaction
 * with a line each in {@code schema_version}. A database whose migrations are not ours, or newer
 * than ours, is refused. (Flyway did this in 1.5 s of a cold start; see docs/decisions.)
 *
 * <p>A migration is plain SQL; each statement ends with a semicolon at the end of a line.
 */
final class Schema {
  /** Every migration, oldest first, and for ever: a released one is never edited. */
  static final List<String> MIGRATIONS =
      List.of(
          "V1__registrar_and_audit",
          "V2__verifier",
          "V3__policy_versions_and_evidence",
          "V4__learning",
          "V5__rollout_step",
          "V6__former_of_version");

  private static final Logger LOG = LoggerFactory.getLogger(Schema.class);

  private Schema() {}

  static void migrate(DataSource source, Dialect dialect) {
    migrate(source, dialect, MIGRATIONS);
  }

  /** Only up to where {@code migrations} ends: what an older Limestone made. */
  static void migrate(DataSource source, Dialect dialect, List<String> migrations) {
    try (Connection connection = source.getConnection()) {
      connection.setAutoCommit(false);
      lock(connection, dialect);
      Map<Integer, String> applied = applied(connection);
      if (applied.size() > migrations.size()) {
        throw new IllegalStateException(
            "the database is of a newer Limestone (schema " + applied.size() + ")");
      }
      for (int version = 1; version <= migrations.size(); version++) {
        String name = migrations.get(version - 1);
        String there = applied.get(version);
        if (there == null) {
          apply(connection, dialect, version, name);
        } else if (!there.equals(name)) {
          throw new IllegalStateException("the database has another migration: " + there);
        }
      }
      connection.commit();
    } catch (SQLException e) {
      throw new IllegalStateException("database: " + e.getMessage(), e);
    }
  }

  /** Two servers that start together migrate one after the other. */
  private static void lock(Connection connection, Dialect dialect) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (dialect == Dialect.POSTGRESQL) {
        var unused = statement.execute("select pg_advisory_xact_lock(7021985)");
      }
      statement.executeUpdate(
          "create table if not exists schema_version"
              + " (version integer primary key, name text not null)");
    }
  }

  private static Map<Integer, String> applied(Connection connection) throws SQLException {
    Map<Integer, String> applied = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select version, name from schema_version")) {
      while (row.next()) {
        applied.put(row.getInt("version"), row.getString("name"));
      }
    }
    return applied;
  }

  private static void apply(Connection connection, Dialect dialect, int version, String name)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : text(dialect, name).split(";[ \\t]*(--[^\\n]*)?\\n", -1)) {
        if (!sql.isBlank()) {
          statement.executeUpdate(sql);
        }
      }
      statement.executeUpdate(
          "insert into schema_version values (" + version + ", '" + name + "')");
    }
    LOG.info("database: applied {}", name);
  }

  static String text(Dialect dialect, String name) {
    String resource = "/" + dialect.migrations() + "/" + name + ".sql";
    try (InputStream in = Schema.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("not in this build: " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
