package io.limestone.agent;

import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.NodeId;
import io.limestone.tpm.HashAlg;
import io.limestone.tss.AkTemplate;
import io.limestone.tss.DevIdTemplate;
import io.limestone.tss.EkTemplate;
import io.limestone.wire.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the agent runs with: the options of Keylime's agent.conf, read and checked once.
 *
 * @param home {@code keylime_dir}; relative paths are below it
 * @param tcti the TPM
 * @param id how the node gets its id
 * @param apiVersions offered, oldest first
 * @param listen where to listen
 * @param contact where registrar and tenant are told the agent listens
 * @param tls empty if {@code enable_agent_mtls} is false
 * @param runAs user (and group) to become when started as root
 * @param unused names of options that are set but have no meaning here
 */
public record AgentConfig(
    Path home,
    String tcti,
    IdSource id,
    List<ApiVersion> apiVersions,
    HostPort listen,
    HostPort contact,
    HostPort registrar,
    Backoff backoff,
    Optional<Tls> tls,
    TpmOptions tpm,
    Optional<DeviceIdentity> deviceIdentity,
    PayloadOptions payload,
    RevocationOptions revocation,
    Path agentData,
    Path imaLog,
    Path bootLog,
    Optional<RunAs> runAs,
    List<String> unused) {

  public AgentConfig {
    apiVersions = List.copyOf(apiVersions);
    unused = List.copyOf(unused);
  }

  /** A host name or address with its port. */
  public record HostPort(String host, int port) {
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /** Where the node's id comes from ({@code uuid}). */
  public sealed interface IdSource {
    /** This very id. */
    record Fixed(NodeId id) implements IdSource {}

    /** SHA-256 of the EK's public key as PEM, in hex. */
    record HashOfEk() implements IdSource {}
  }

  /** Waiting between tries to reach the registrar; {@code maxRetries} below 0 is without end. */
  public record Backoff(Duration initial, Duration max, int maxRetries) {}

  /** The agent's TLS server; files are made at first start, but for the trusted CAs. */
  public record Tls(Path key, Path certificate, Secret keyPassword, List<Path> trustedClientCa) {
    public Tls {
      trustedClientCa = List.copyOf(trustedClientCa);
    }
  }

  /** Algorithms and keys of the TPM. */
  public record TpmOptions(
      AkTemplate ak, Optional<Integer> ekHandle, Secret ownerPassword, boolean hasOwnerPassword) {
    public EkTemplate ek() {
      return ak.ek();
    }

    public HashAlg hash() {
      return ak.hash();
    }
  }

  /** IAK and IDevID ({@code enable_iak_idevid}). */
  public record DeviceIdentity(
      Optional<DevIdTemplate> template,
      Optional<Integer> iakHandle,
      Optional<Integer> idevidHandle,
      Secret iakPassword,
      Secret idevidPassword,
      Path iakCertificate,
      Path idevidCertificate) {}

  /**
   * What happens to a payload.
   *
   * @param folder {@code secure}, memory-backed
   * @param maxBytes {@code secure_size}: of the folder, and of what is unpacked
   * @param script empty: run nothing
   */
  public record PayloadOptions(
      Path transportKey,
      Secret transportKeyPassword,
      Path folder,
      long maxBytes,
      String keyFile,
      String payloadFile,
      boolean extractZip,
      Optional<String> script,
      boolean allowWithoutTls) {}

  /** What happens on a revocation message. */
  public record RevocationOptions(
      Path certificate, List<String> actions, Path actionsDir, boolean allowPayloadActions) {
    public RevocationOptions {
      actions = List.copyOf(actions);
    }
  }

  /** {@code user} or {@code user:group}. */
  public record RunAs(String user, Optional<String> group) {}

  /**
   * Reads the configuration.
   *
   * @param file stands for all configuration files if present
   * @param environment of the process
   */
  public static AgentConfig load(Optional<Path> file, Map<String, String> environment)
      throws ConfigException {
    return new AgentConfigReader(Options.read(file, environment), environment).read();
  }
}
