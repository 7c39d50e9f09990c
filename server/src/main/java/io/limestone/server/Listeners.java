package io.limestone.server;

import io.limestone.server.http.Limits;
import io.limestone.server.http.Listener;
import io.limestone.server.http.Tls;
import io.limestone.server.settings.RegistrarSettings;
import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import io.limestone.server.settings.VerifierSettings;
import java.util.Optional;

/** The ports with their bounds, from the settings. */
record Listeners(Settings settings, Tls tls) {
  /** Of the heap, what bodies of requests may take while they wait. */
  private static final int BUFFERED_SHARE = 4;

  Listener registrar() {
    return new Listener(
        "registrar",
        settings.get(RegistrarSettings.IP),
        settings.get(RegistrarSettings.PORT),
        Optional.empty(),
        limits(settings.get(RegistrarSettings.MAX_UPLOAD_SIZE)));
  }

  Listener registrarTls() {
    return new Listener(
        "registrar-tls",
        settings.get(RegistrarSettings.IP),
        settings.get(RegistrarSettings.TLS_PORT),
        Optional.of(tls),
        limits(settings.get(RegistrarSettings.MAX_UPLOAD_SIZE)));
  }

  Listener verifier() {
    return new Listener(
        "verifier",
        settings.get(VerifierSettings.IP),
        settings.get(VerifierSettings.PORT),
        Optional.of(tls),
        limits(settings.get(VerifierSettings.MAX_UPLOAD_SIZE)));
  }

  Listener management() {
    return new Listener(
        "management",
        settings.get(ServerSettings.MANAGEMENT_IP),
        settings.get(ServerSettings.MANAGEMENT_PORT),
        Optional.empty(),
        limits(1024));
  }

  private Limits limits(int body) {
    return new Limits(
        settings.get(ServerSettings.MAX_HEAD_SIZE),
        body,
        Math.max(body, Runtime.getRuntime().maxMemory() / BUFFERED_SHARE),
        settings.get(ServerSettings.HANDSHAKE_TIMEOUT),
        settings.get(ServerSettings.IDLE_TIMEOUT),
        settings.get(ServerSettings.UPLOAD_TIMEOUT),
        settings.get(ServerSettings.HANDLING_TIMEOUT),
        settings.get(ServerSettings.MAX_REQUESTS),
        settings.get(ServerSettings.MAX_CONNECTIONS),
        settings.get(ServerSettings.MAX_CONNECTIONS_PER_ADDRESS));
  }
}
