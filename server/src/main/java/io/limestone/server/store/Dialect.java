package io.limestone.server.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import io.limestone.wire.MalformedException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/** The two databases, and how each is opened. Their SQL is the same but for the migrations. */
public enum Dialect {
  SQLITE,
  POSTGRESQL;

  private static final String FILE = "limestone.db";

  static Dialect of(Settings settings) {
    String url = settings.get(ServerSettings.DATABASE_URL);
    if (url.equals("sqlite")) {
      return SQLITE;
    }
    if (url.startsWith("postgresql://")) {
      return POSTGRESQL;
    }
    throw new MalformedException(
        ServerSettings.DATABASE_URL.name() + ": takes sqlite or postgresql://…");
  }

  /** Where the migrations lie, as resources. */
  String migrations() {
    return switch (this) {
      case SQLITE -> "db/migration/sqlite";
      case POSTGRESQL -> "db/migration/postgresql";
    };
  }

  /** Single connections, for migrations. */
  DataSource plain(Settings settings, Path home) {
    return switch (this) {
      case SQLITE -> {
        // SQLite gives its log and shared memory the mode of the database.
        PrivateFiles.own(home.resolve(FILE));
        yield sqlite(home, false);
      }
      case POSTGRESQL -> postgresql(settings.get(ServerSettings.DATABASE_URL));
    };
  }

  HikariDataSource writers(Settings settings, Path home) {
    return switch (this) {
      // One writer: SQLite would let a second one wait or fail, in no order.
      case SQLITE -> new HikariDataSource(config("writer", sqlite(home, false), 1));
      case POSTGRESQL ->
          new HikariDataSource(
              config(
                  "database",
                  plain(settings, home),
                  settings.get(ServerSettings.DATABASE_CONNECTIONS)));
    };
  }

  /** A pool of their own for readers, or null where the writers' serves them. */
  @Nullable HikariDataSource readers(Settings settings, Path home) {
    return switch (this) {
      case SQLITE -> readers(sqlite(home, true), settings.get(ServerSettings.DATABASE_CONNECTIONS));
      case POSTGRESQL -> null;
    };
  }

  private static HikariDataSource readers(DataSource source, int most) {
    HikariConfig config = config("readers", source, most);
    config.setConnectionInitSql("pragma query_only = true");
    return new HikariDataSource(config);
  }

  private static HikariConfig config(String name, DataSource source, int most) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setDataSource(source);
    config.setMaximumPoolSize(most);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(10_000);
    return config;
  }

  private static DataSource sqlite(Path home, boolean reading) {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    // What was acknowledged survives a power cut too, not only the death of the process.
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(10_000);
    config.enforceForeignKeys(true);
    config.setTransactionMode(
        reading ? SQLiteConfig.TransactionMode.DEFERRED : SQLiteConfig.TransactionMode.IMMEDIATE);
    SQLiteDataSource source = new SQLiteDataSource(config);
    source.setUrl("jdbc:sqlite:" + home.resolve(FILE));
    return source;
  }

  private static DataSource postgresql(String url) {
    URI uri;
    try {
      uri = URI.create(url);
    } catch (IllegalArgumentException e) {
      // The cause would quote the password.
      throw new MalformedException(ServerSettings.DATABASE_URL.name() + ": not a URL");
    }
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setServerNames(new String[] {uri.getHost()});
    if (uri.getPort() > 0) {
      source.setPortNumbers(new int[] {uri.getPort()});
    }
    source.setDatabaseName(uri.getPath().substring(1));
    String user = uri.getRawUserInfo();
    if (user != null) {
      String[] parts = user.split(":", 2);
      source.setUser(URLDecoder.decode(parts[0], StandardCharsets.UTF_8));
      if (parts.length == 2) {
        source.setPassword(URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    source.setApplicationName("limestone");
    source.setReWriteBatchedInserts(true);
    source.setConnectTimeout(10);
    return source;
  }
}
