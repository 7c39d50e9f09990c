package io.limestone.keylime;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/**
 * The news that a node is not to be trusted any more, or cannot be reached (pull-protocol.md
 * section 6.1). It travels as text inside {@link SignedNotice}.
 *
 * @param tpmPolicy JSON text as enrolled; so {@code metadata}
 * @param eventTime C asctime form; ours is UTC
 */
public record RevocationNotice(
    Type type,
    NodeId agentId,
    Optional<String> ip,
    Optional<Integer> port,
    String tpmPolicy,
    String metadata,
    String eventTime,
    Optional<Event> event) {

  private static final DateTimeFormatter ASCTIME =
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** What happened: a failed attestation, or a node that could not be reached any more. */
  public enum Type {
    REVOCATION("revocation"),
    COMM_ERROR("comm_error");

    private final String word;

    Type(String word) {
      this.word = word;
    }

    static Type of(String word) {
      for (Type type : values()) {
        if (type.word.equals(word)) {
          return type;
        }
      }
      throw new io.limestone.wire.MalformedException("type is neither revocation nor comm_error");
    }
  }

  /**
   * The failure behind it.
   *
   * @param context JSON text
   */
  public record Event(String id, String severityLabel, String context) {}

  /** {@code Mon Nov 23 07:16:39 2026}, in UTC. */
  public static String time(Instant instant) {
    return ASCTIME.format(instant);
  }

  /** The text that is signed. Sign and send this very text. */
  public String message() {
    Fields json =
        Fields.object()
            .put("type", type.word)
            .putNullable("ip", ip)
            .put("agent_id", agentId.value())
            .putNullable("port", port)
            .put("tpm_policy", tpmPolicy)
            .put("meta_data", metadata)
            .put("event_time", eventTime);
    event.ifPresent(
        e ->
            json.put("event_id", e.id)
                .put("severity_label", e.severityLabel)
                .put("context", e.context));
    return Json.text(json.json());
  }

  /** Reads a message whose signature was checked before. */
  public static RevocationNotice parse(String message) {
    JsonObject json = Json.object(message);
    return new RevocationNotice(
        Type.of(json.string("type")),
        NodeId.parse(json.string("agent_id")),
        Fields.text(json, "ip"),
        Fields.port(json, "port"),
        json.optionalString("tpm_policy").orElse(""),
        json.optionalString("meta_data").orElse(""),
        json.optionalString("event_time").orElse(""),
        json.optionalString("event_id")
            .map(
                id ->
                    new Event(
                        id,
                        json.optionalString("severity_label").orElse(""),
                        json.optionalString("context").orElse(""))));
  }
}
