package io.limestone.keylime;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The answer of {@code GET /version}. Registrar and verifier call the preferred one {@code
 * current_version}, the agent {@code supported_version}.
 */
public record Versions(ApiVersion preferred, List<ApiVersion> supported) {
  private static final int MAX_LISTED = 100;

  public Versions {
    supported = List.copyOf(supported);
  }

  /** What our registrar and verifier answer. */
  public static Versions ofServer() {
    return new Versions(ApiVersion.CURRENT, ApiVersion.SERVED);
  }

  /** What an agent answers that serves {@code enabled}, which is not empty. */
  public static Versions ofAgent(List<ApiVersion> enabled) {
    List<ApiVersion> sorted = enabled.stream().sorted().toList();
    return new Versions(sorted.getLast(), sorted);
  }

  public JsonObject toServerJson() {
    return json("current_version");
  }

  public JsonObject toAgentJson() {
    return json("supported_version");
  }

  /** Reads a registrar's or verifier's answer; both members are needed. */
  public static Versions fromServerJson(JsonObject results) {
    return new Versions(
        ApiVersion.parse(results.string("current_version")), listed(results, "supported_versions"));
  }

  /** Reads an agent's answer; an old agent has {@code supported_version} alone. */
  public static Versions fromAgentJson(JsonObject results) {
    Optional<ApiVersion> single =
        results.optionalString("supported_version").map(ApiVersion::parse);
    List<ApiVersion> all =
        results.has("supported_versions")
            ? listed(results, "supported_versions")
            : single.map(List::of).orElse(List.of());
    if (all.isEmpty()) {
      throw new MalformedException("supported_versions is missing or empty");
    }
    return new Versions(single.orElseGet(() -> all.stream().sorted().toList().getLast()), all);
  }

  /** Lenient: entries that are no version of the usual form are skipped, not fatal. */
  private static List<ApiVersion> listed(JsonObject results, String name) {
    List<String> texts = results.strings(name);
    if (texts.size() > MAX_LISTED) {
      throw new MalformedException(name + " has more than " + MAX_LISTED + " entries");
    }
    return texts.stream().flatMap(text -> ApiVersion.find(text).stream()).toList();
  }

  private JsonObject json(String preferredName) {
    return new JsonObject(
        Map.of(
            preferredName,
            preferred.toString(),
            "supported_versions",
            supported.stream().map(ApiVersion::toString).toList()));
  }
}
