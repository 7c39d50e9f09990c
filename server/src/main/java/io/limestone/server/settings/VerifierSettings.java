package io.limestone.server.settings;

import java.time.Duration;
import java.util.List;

/** Settings of the verifier (verifier-api.md section 7.1). */
public final class VerifierSettings {
  public static final Setting<String> UUID =
      Setting.text("verifier.uuid", "default", "This verifier's id, as `verifier_id` shows it.");
  public static final Setting<String> IP =
      Setting.text("verifier.ip", "127.0.0.1", "Address that the verifier listens on.");
  public static final Setting<Integer> PORT =
      Setting.integer("verifier.port", 8881, 0, 65535, "The verifier's REST interface, TLS.");
  public static final Setting<Boolean> ENABLE_AGENT_MTLS =
      Setting.bool(
          "verifier.enable_agent_mtls",
          true,
          "Nodes are enrolled with their certificate and spoken to over TLS only.");
  public static final Setting<Duration> QUOTE_INTERVAL =
      Setting.seconds(
          "verifier.quote_interval", "2", 0, 86400, "Time from one attestation to the next.");
  public static final Setting<Duration> RETRY_INTERVAL =
      Setting.seconds(
          "verifier.retry_interval",
          "2",
          0,
          3600,
          "Wait before a retry; with exponential_backoff the base of the power.");
  public static final Setting<Integer> MAX_RETRIES =
      Setting.integer(
          "verifier.max_retries", 5, 0, 100, "Retries before a node counts as not reachable.");
  public static final Setting<Duration> UNREACHABLE_INTERVAL =
      Setting.seconds(
          "verifier.unreachable_interval",
          "60",
          0,
          86400,
          "How often a node that no retry reached is asked; it comes back by itself. 0: never.");
  public static final Setting<Boolean> EXPONENTIAL_BACKOFF =
      Setting.bool(
          "verifier.exponential_backoff",
          true,
          "Retry n waits retry_interval to the power of n, instead of retry_interval.");
  public static final Setting<Duration> REQUEST_TIMEOUT =
      Setting.seconds(
          "verifier.request_timeout", "60", 0.05, 3600, "How long one request to a node may take.");
  public static final Setting<Integer> MAX_UPLOAD_SIZE =
      Setting.integer(
          "verifier.max_upload_size", 104857600, 4096, 1073741824, "Bytes of a request's body.");
  public static final Setting<String> MEASURED_BOOT_POLICY_NAME =
      Setting.text(
          "verifier.measured_boot_policy_name",
          "accept-all",
          "The policy that boot logs are appraised with where a measured-boot policy is attached.");
  public static final Setting<Boolean> REQUIRE_ALLOW_LIST_SIGNATURES =
      Setting.bool(
          "verifier.require_allow_list_signatures",
          false,
          "Accept runtime policies only with a valid signature.");
  public static final Setting<List<String>> ENABLED_REVOCATION_NOTIFICATIONS =
      Setting.listOf(
          "verifier.enabled_revocation_notifications",
          "agent",
          List.of("agent", "webhook"),
          "Who is told when a node is no longer trusted.");
  public static final Setting<String> WEBHOOK_URL =
      Setting.text("verifier.webhook_url", "", "Where webhook notices are posted.");
  public static final Setting<List<String>> SEVERITY_LABELS =
      Setting.list(
          "verifier.severity_labels",
          "info, notice, warning, error, critical, alert, emergency",
          "Names of the severities, lowest first.");
  public static final Setting<String> SEVERITY_POLICY =
      Setting.text(
          "verifier.severity_policy",
          "[]",
          "JSON list of {\"event_id\": expression, \"severity_label\": label}: the first match"
              + " decides; what matches nothing, and what is irrecoverable, has the highest.");
  public static final Setting<Boolean> IGNORE_TOMTOU_ERRORS =
      Setting.bool(
          "verifier.ignore_tomtou_errors",
          false,
          "An IMA entry of a file that was changed while it was measured is let pass with a note.");
  public static final Setting<String> IGNORE_OPEN_WRITERS =
      Setting.choice(
          "verifier.ignore_open_writers",
          "same",
          List.of("same", "true", "false"),
          "The same for a file that was measured while it was open for writing: as"
              + " ignore_tomtou_errors, or otherwise than that.");
  public static final Setting<Boolean> ACCEPT_FOREIGN_REGISTRATIONS =
      Setting.bool(
          "verifier.accept_foreign_registrations",
          false,
          "Beside a registrar in the same process: enrol nodes too that are registered elsewhere."
              + " A node that is registered here must have the attestation key registered here.");

  public static final Setting<Integer> EVIDENCE_OF_NODE =
      Setting.integer(
          "verifier.evidence_of_node",
          67108864,
          0,
          134217728,
          "Bytes of a node's measurement list and boot log up to which its last evidence is kept, to"
              + " be judged again (limestone policy try).");
  public static final Setting<Integer> EVIDENCE_KEPT =
      Setting.integer(
          "verifier.evidence_kept",
          1024,
          0,
          1048576,
          "MiB of kept evidence of all nodes together, as stored: compressed, equal pieces once. 0:"
              + " none is kept.");

  public static final Setting<Integer> LEARN_THINGS =
      Setting.integer(
          "verifier.learn_things",
          200000,
          1,
          10000000,
          "Files, keys and buffers, each once, up to which one learning goes (limestone policy"
              + " learn); what comes beyond is left out, and said so.");
  public static final Setting<Integer> LEARN_BYTES =
      Setting.integer(
          "verifier.learn_bytes",
          67108864,
          1,
          1073741824,
          "Bytes up to which one learning goes, in memory and as stored.");

  static final List<Setting<?>> ALL =
      List.of(
          UUID,
          IP,
          PORT,
          ENABLE_AGENT_MTLS,
          QUOTE_INTERVAL,
          RETRY_INTERVAL,
          MAX_RETRIES,
          UNREACHABLE_INTERVAL,
          EXPONENTIAL_BACKOFF,
          REQUEST_TIMEOUT,
          MAX_UPLOAD_SIZE,
          MEASURED_BOOT_POLICY_NAME,
          REQUIRE_ALLOW_LIST_SIGNATURES,
          ENABLED_REVOCATION_NOTIFICATIONS,
          WEBHOOK_URL,
          SEVERITY_LABELS,
          SEVERITY_POLICY,
          IGNORE_TOMTOU_ERRORS,
          IGNORE_OPEN_WRITERS,
          ACCEPT_FOREIGN_REGISTRATIONS,
          EVIDENCE_OF_NODE,
          EVIDENCE_KEPT,
          LEARN_THINGS,
          LEARN_BYTES);

  private VerifierSettings() {}
}
