package io.limestone.server;

import io.limestone.server.pki.Pki;
import io.limestone.server.settings.Settings;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.server.store.Sealer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;

/** What the parts of one server share. */
public record Shared(
    Path home,
    Settings settings,
    Database database,
    Sealer sealer,
    AuditLog audit,
    Pki pki,
    InstantSource clock,
    SecureRandom random) {}
