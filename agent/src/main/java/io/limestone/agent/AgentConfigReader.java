package io.limestone.agent;

import io.limestone.agent.AgentConfig.Backoff;
import io.limestone.agent.AgentConfig.DeviceIdentity;
import io.limestone.agent.AgentConfig.HostPort;
import io.limestone.agent.AgentConfig.IdSource;
import io.limestone.agent.AgentConfig.PayloadOptions;
import io.limestone.agent.AgentConfig.RevocationOptions;
import io.limestone.agent.AgentConfig.RunAs;
import io.limestone.agent.AgentConfig.Tls;
import io.limestone.agent.AgentConfig.TpmOptions;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.NodeId;
import io.limestone.tpm.HashAlg;
import io.limestone.tss.AkTemplate;
import io.limestone.tss.DevIdTemplate;
import io.limestone.tss.EkTemplate;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** From options to a checked {@link AgentConfig}, with Keylime's names and defaults. */
final class AgentConfigReader {
  private static final String DEFAULT_ID = "d432fbb3-d2f1-4a97-9ef7-75bd81c00000";
  private static final Pattern UUID_GRAMMAR =
      Pattern.compile("([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})([kKmMgG]?)");

  /** Options of Keylime's agents that are harmless to find in a file but mean nothing here. */
  private static final List<String> WITHOUT_MEANING =
      List.of(
          "version",
          "registrar_tls_enabled",
          "registrar_tls_ca_cert",
          "registrar_tls_port",
          "registrar_api_versions",
          "enable_revocation_notifications",
          "revocation_notification_ip",
          "revocation_notification_port",
          "ima_ml_count_file",
          "disabled_signing_algorithms",
          "attestation_interval_seconds",
          "verifier_url",
          "verifier_tls_ca_cert",
          "certification_keys_server_identifier",
          "uefi_logs_evidence_version",
          "enable_authentication",
          "keylime_dir");

  private final Options options;
  private final Map<String, String> environment;
  private final Path home;

  AgentConfigReader(Options options, Map<String, String> environment) throws ConfigException {
    this.options = options;
    this.environment = environment;
    String folder = environment.getOrDefault("KEYLIME_DIR", "");
    this.home =
        Path.of(folder.isEmpty() ? options.text("keylime_dir", "/var/lib/keylime") : folder)
            .toAbsolutePath();
  }

  AgentConfig read() throws ConfigException {
    if (!Files.isDirectory(home)) {
      throw new ConfigException("keylime_dir " + home + " is not a folder: make it first");
    }
    Optional<Tls> tls = tls();
    return new AgentConfig(
        home,
        tcti(),
        id(),
        apiVersions(),
        new HostPort(options.text("ip", "127.0.0.1"), options.port("port", 9002)),
        new HostPort(options.text("contact_ip", "127.0.0.1"), options.port("contact_port", 9002)),
        new HostPort(
            options.text("registrar_ip", "127.0.0.1"), options.port("registrar_port", 8890)),
        backoff(),
        tls,
        tpm(),
        deviceIdentity(),
        payload(tls.isPresent()),
        new RevocationOptions(
            path("revocation_cert", "secure/unzipped/RevocationNotifier-cert.crt"),
            options.list("revocation_actions").orElse(List.of()),
            Path.of(options.text("revocation_actions_dir", "/usr/libexec/keylime")),
            options.flag("allow_payload_revocation_actions", true)),
        path("agent_data_path", "agent_data.json"),
        path("ima_ml_path", "/sys/kernel/security/ima/ascii_runtime_measurements"),
        path("measuredboot_ml_path", "/sys/kernel/security/tpm0/binary_bios_measurements"),
        runAs(),
        options.unused().stream().filter(name -> !WITHOUT_MEANING.contains(name)).toList());
  }

  private String tcti() {
    String named = environment.getOrDefault("TCTI", "");
    if (!named.isEmpty()) {
      return named;
    }
    return Files.exists(Path.of("/dev/tpmrm0")) ? "device:/dev/tpmrm0" : "device:/dev/tpm0";
  }

  private IdSource id() throws ConfigException {
    String text = options.text("uuid", DEFAULT_ID);
    if (text.equals("hash_ek")) {
      return new IdSource.HashOfEk();
    }
    if (text.equals("generate")) {
      return new IdSource.Fixed(NodeId.parse(UUID.randomUUID().toString()));
    }
    String bare =
        text.toLowerCase(Locale.ROOT).replaceFirst("^urn:uuid:", "").replaceAll("^\\{|\\}$", "");
    Matcher uuid = UUID_GRAMMAR.matcher(bare);
    if (uuid.matches()) {
      return new IdSource.Fixed(
          NodeId.parse(
              String.join(
                  "-", uuid.group(1), uuid.group(2), uuid.group(3), uuid.group(4), uuid.group(5))));
    }
    throw new ConfigException(
        "uuid must be a UUID, \"generate\" or \"hash_ek\", not "
            + Encoding.printable(text, 100)
            + " (which Keylime's agent replaces by a random id at each start)");
  }

  private List<ApiVersion> apiVersions() throws ConfigException {
    List<ApiVersion> all = ApiVersion.AGENT;
    List<String> words = options.list("api_versions").orElse(List.of("default"));
    if (words.equals(List.of("default"))) {
      return all;
    }
    if (words.equals(List.of("latest"))) {
      return List.of(all.getLast());
    }
    List<ApiVersion> chosen =
        all.stream().filter(version -> words.contains(version.toString())).toList();
    if (chosen.isEmpty()) {
      throw new ConfigException("api_versions names none of " + all);
    }
    return chosen;
  }

  /** Without limits in the file the agent waits for its registrar as long as it takes. */
  private Backoff backoff() throws ConfigException {
    long day = Duration.ofDays(1).toMillis();
    return new Backoff(
        Duration.ofMillis(options.number("exponential_backoff_initial_delay", 500, 1, day)),
        Duration.ofMillis(options.number("exponential_backoff_max_delay", 30_000, 1, day)),
        (int) options.number("exponential_backoff_max_retries", -1, 0, 1_000_000));
  }

  private Optional<Tls> tls() throws ConfigException {
    Path key = path("server_key", "server-private.pem");
    Path certificate = path("server_cert", "server-cert.crt");
    Secret password = secret("server_key_password");
    List<Path> clientCas =
        options.list("trusted_client_ca").orElse(List.of("cv_ca/cacert.crt")).stream()
            .map(home::resolve)
            .toList();
    return options.flag("enable_agent_mtls", true)
        ? Optional.of(new Tls(key, certificate, password, clientCas))
        : Optional.empty();
  }

  private TpmOptions tpm() throws ConfigException {
    String encryption = options.text("tpm_encryption_alg", "rsa");
    EkTemplate ek =
        EkTemplate.named(encryption)
            .orElseThrow(() -> unknown("tpm_encryption_alg", encryption, "rsa, ecc, ecc384, …"));
    String hash = options.text("tpm_hash_alg", "sha256");
    HashAlg hashAlg =
        HashAlg.named(hash)
            .filter(alg -> alg != HashAlg.SM3_256)
            .orElseThrow(() -> unknown("tpm_hash_alg", hash, "sha256, sha384, sha512, sha1"));
    String signing = options.text("tpm_signing_alg", "rsassa");
    AkTemplate.Scheme scheme =
        AkTemplate.Scheme.named(signing)
            .orElseThrow(() -> unknown("tpm_signing_alg", signing, "rsassa, rsapss, ecdsa"));
    if (!scheme.fits(ek)) {
      throw new ConfigException(
          "tpm_signing_alg " + signing + " does not fit tpm_encryption_alg " + encryption);
    }
    Optional<Integer> handle =
        options.text("ek_handle", "generate").equals("generate")
            ? Optional.empty()
            : handle("ek_handle");
    return new TpmOptions(
        new AkTemplate(ek, hashAlg, scheme),
        handle,
        secret("tpm_ownerpassword"),
        options.optionalText("tpm_ownerpassword").isPresent());
  }

  private Optional<DeviceIdentity> deviceIdentity() throws ConfigException {
    DeviceIdentity identity =
        new DeviceIdentity(
            devIdTemplate(),
            handle("iak_handle"),
            handle("idevid_handle"),
            secret("iak_password"),
            secret("idevid_password"),
            path("iak_cert", "iak-cert.crt"),
            path("idevid_cert", "idevid-cert.crt"));
    return options.flag("enable_iak_idevid", false) ? Optional.of(identity) : Optional.empty();
  }

  /** Nothing for {@code detect}: by the certificates' keys. */
  private Optional<DevIdTemplate> devIdTemplate() throws ConfigException {
    String word = options.text("iak_idevid_template", "detect");
    boolean rsa = options.text("iak_idevid_asymmetric_alg", "rsa").startsWith("rsa");
    String name = options.text("iak_idevid_name_alg", "sha256");
    return switch (word) {
      case "detect" -> Optional.empty();
      case "default", "manual" ->
          Optional.of(
              switch (name) {
                case "sha256" -> new DevIdTemplate(rsa, HashAlg.SHA256, rsa ? 2048 : 0x0003);
                case "sha384" -> new DevIdTemplate(rsa, HashAlg.SHA384, rsa ? 3072 : 0x0004);
                case "sha512" -> new DevIdTemplate(rsa, HashAlg.SHA512, rsa ? 4096 : 0x0005);
                default -> throw unknown("iak_idevid_name_alg", name, "sha256, sha384, sha512");
              });
      default ->
          Optional.of(
              DevIdTemplate.named(word)
                  .orElseThrow(
                      () -> unknown("iak_idevid_template", word, "detect, manual, H-1 to H-4")));
    };
  }

  private PayloadOptions payload(boolean tls) throws ConfigException {
    Optional<String> script =
        options.isEmptied("payload_script")
            ? Optional.empty()
            : Optional.of(fileName("payload_script", "autorun.sh"));
    boolean allowWithoutTls = options.flag("enable_insecure_payload", false);
    if (!tls && script.isPresent() && !allowWithoutTls) {
      throw new ConfigException(
          "enable_agent_mtls is false, so anyone could send a payload_script: empty payload_script,"
              + " or set enable_insecure_payload if that is wanted");
    }
    return new PayloadOptions(
        path("payload_key", "payload-private.pem"),
        secret("payload_key_password"),
        home.resolve("secure"),
        size("secure_size", "1m"),
        fileName("enc_keyname", "derived_tci_key"),
        fileName("dec_payload_file", "decrypted_payload"),
        options.flag("extract_payload_zip", true),
        script,
        allowWithoutTls);
  }

  private Optional<RunAs> runAs() throws ConfigException {
    if (options.isEmptied("run_as")) {
      return Optional.empty();
    }
    String[] parts = options.text("run_as", "keylime:tss").split(":", 2);
    return Optional.of(
        new RunAs(
            parts[0],
            parts.length == 2 && !parts[1].isEmpty() ? Optional.of(parts[1]) : Optional.empty()));
  }

  private Path path(String name, String byDefault) throws ConfigException {
    return home.resolve(options.text(name, byDefault));
  }

  /** A name inside the payload folder: no path may lead out of it. */
  private String fileName(String name, String byDefault) throws ConfigException {
    String file = options.text(name, byDefault);
    if (file.indexOf('/') >= 0 || file.startsWith(".")) {
      throw new ConfigException(name + " must be a plain file name");
    }
    return file;
  }

  private Optional<Integer> handle(String name) throws ConfigException {
    Optional<String> text = options.optionalText(name);
    try {
      return text.map(t -> Integer.parseUnsignedInt(t.replaceFirst("^0[xX]", ""), 16));
    } catch (NumberFormatException e) {
      throw new ConfigException(name + " must be a handle in hex, such as 0x81010001", e);
    }
  }

  private long size(String name, String byDefault) throws ConfigException {
    Matcher size = SIZE.matcher(options.text(name, byDefault));
    if (!size.matches()) {
      throw new ConfigException(name + " must be a size such as 1m");
    }
    int shift =
        switch (size.group(2).toLowerCase(Locale.ROOT)) {
          case "k" -> 10;
          case "m" -> 20;
          case "g" -> 30;
          default -> 0;
        };
    return Long.parseLong(size.group(1)) << shift;
  }

  /** A password; with {@code hex:} in front it is bytes in hex. */
  private Secret secret(String name) throws ConfigException {
    String text = options.text(name, "");
    try {
      return Secret.of(
          text.startsWith("hex:")
              ? Encoding.unhex(text.substring(4))
              : text.getBytes(StandardCharsets.UTF_8));
    } catch (MalformedException e) {
      throw new ConfigException(name + " is not hex behind hex:", e);
    }
  }

  private static ConfigException unknown(String name, String value, String known) {
    return new ConfigException(
        name + " " + Encoding.printable(value, 60) + " is not supported (" + known + ")");
  }
}
