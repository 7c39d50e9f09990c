package io.limestone.server.settings;

import java.time.Duration;
import java.util.List;

/** Settings of the registrar (verifier-api.md section 7.2). */
public final class RegistrarSettings {
  public static final Setting<String> IP =
      Setting.text("registrar.ip", "127.0.0.1", "Address that the registrar listens on.");
  public static final Setting<Integer> PORT =
      Setting.integer(
          "registrar.port",
          8890,
          0,
          65535,
          "Plain HTTP: version, register, activate; 0 takes any free port.");
  public static final Setting<Integer> TLS_PORT =
      Setting.integer("registrar.tls_port", 8891, 0, 65535, "All of the registrar's routes, TLS.");
  public static final Setting<Integer> MAX_UPLOAD_SIZE =
      Setting.integer(
          "registrar.max_upload_size", 1048576, 4096, 104857600, "Bytes of a request's body.");
  public static final Setting<String> TPM_IDENTITY =
      Setting.choice(
          "registrar.tpm_identity",
          "default",
          List.of("default", "ek_cert_or_iak_idevid", "ek_cert", "iak_idevid"),
          "Which identity a registration must bring; `default` is `ek_cert_or_iak_idevid`.");
  public static final Setting<String> MALFORMED_CERT_ACTION =
      Setting.choice(
          "registrar.malformed_cert_action",
          "warn",
          List.of("warn", "ignore", "reject"),
          "What is done about certificates that are not strict DER; `reject` refuses the registration.");
  public static final Setting<String> TPM_CERT_STORE =
      Setting.text(
          "registrar.tpm_cert_store",
          "default",
          "Folder with CA certificates (*.pem, *.crt, *.cer, *.der) that EK, IAK and IDevID certificates"
              + " may come from, beside the vendors' roots; `default` is `ek-roots` in the home folder.");
  public static final Setting<Boolean> REQUIRE_EK_CERT =
      Setting.bool(
          "registrar.require_ek_cert",
          false,
          "Refuse a registration whose EK certificate is missing or leads to no trusted root. When false"
              + " it is recorded and shown as not endorsed, and left to the user who enrols the node, as"
              + " Keylime's tenant does it.");
  public static final Setting<Integer> MAX_REGISTRATIONS_PER_ADDRESS =
      Setting.integer(
          "registrar.max_registrations_per_address",
          6000,
          1,
          1000000,
          "Registrations that one address (IPv6: one /64) may make in a minute; more get 429.");
  public static final Setting<Integer> MAX_PENDING =
      Setting.integer(
          "registrar.max_pending",
          100000,
          1,
          100000000,
          "Registrations waiting for activation; more get 503.");
  public static final Setting<Duration> PENDING_LIFETIME =
      Setting.seconds(
          "registrar.pending_lifetime",
          "300",
          1,
          31536000,
          "How long a registration that never was activated keeps its id from other TPMs.");

  static final List<Setting<?>> ALL =
      List.of(
          IP,
          PORT,
          TLS_PORT,
          MAX_UPLOAD_SIZE,
          TPM_IDENTITY,
          MALFORMED_CERT_ACTION,
          TPM_CERT_STORE,
          REQUIRE_EK_CERT,
          MAX_REGISTRATIONS_PER_ADDRESS,
          MAX_PENDING,
          PENDING_LIFETIME);

  private RegistrarSettings() {}
}
