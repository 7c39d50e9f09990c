package io.limestone.server.nodes;

import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ImaProgress;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.OperationalState;
import io.limestone.policy.Severity;
import io.limestone.policy.boot.Outdated;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The stored form of {@link NodeState}, and of the failures that people are shown. */
public final class NodeStateJson {

  private NodeStateJson() {}

  public static JsonObject toJson(NodeState node) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("version", 1);
    switch (node.phase()) {
      case Phase.Waiting(Phase.Task task, int tries, Instant due) -> json.put("task", task.name());
      case Phase.Asking(Phase.Task task, int tries) -> json.put("task", task.name());
      case Phase.Halted(OperationalState state) -> json.put("halted", state.number());
      case Phase.Terminating t -> json.put("terminating", true);
    }
    json.put("cycle", node.cycle());
    json.put("trust", node.trust().name());
    json.put("since", node.since().toEpochMilli());
    json.put("api", node.version().toString());
    json.put("ask", node.ask().name());
    Tally tally = node.tally();
    json.put("attestations", tally.attestations());
    json.put("last_received", tally.lastReceived().map(Instant::toEpochMilli).orElse(null));
    json.put("last_success", tally.lastSuccess().map(Instant::toEpochMilli).orElse(null));
    json.put("algorithms", List.of(tally.hashAlg(), tally.encAlg(), tally.signAlg()));
    node.incident().ifPresent(incident -> json.put("incident", incidentJson(incident)));
    json.put("alarmed", node.alarmed());
    json.put("appraisal", node.appraisal().toJson());
    json.put("key_with_v", node.keyWithV().orElse(null));
    json.put("basis", node.basis());
    node.trial().ifPresent(trial -> json.put("trial", trialJson(trial)));
    if (!node.outdated().isEmpty()) {
      json.put("outdated", node.outdated().stream().map(Outdated::toJson).toList());
    }
    return new JsonObject(json);
  }

  /**
   * The state of its stored form. A request that was under way is due again at {@code due}.
   *
   * @throws MalformedException if it is not one
   */
  public static NodeState fromJson(JsonObject json, Instant due) {
    if (json.integer("version") != 1) {
      throw new MalformedException("node state of a version that is not known");
    }
    List<String> algorithms = json.strings("algorithms");
    if (algorithms.size() != 3) {
      throw new MalformedException("algorithms are not three");
    }
    // An older form said less of a trial: without a basis, all is judged and tried again.
    Optional<JsonObject> trial = json.optionalObject("trial");
    boolean old = trial.isPresent() && !trial.get().has("policies");
    return new NodeState(
        phase(json, due),
        json.integer("cycle"),
        word(Trust.class, json.string("trust")),
        Instant.ofEpochMilli(json.integer("since")),
        ApiVersion.parse(json.string("api")),
        word(Ask.class, json.string("ask")),
        new Tally(
            json.integer("attestations"),
            json.optionalInteger("last_received").map(Instant::ofEpochMilli),
            json.optionalInteger("last_success").map(Instant::ofEpochMilli),
            algorithms.get(0),
            algorithms.get(1),
            algorithms.get(2)),
        json.optionalObject("incident").map(NodeStateJson::incident),
        (int) json.integer("alarmed"),
        AttestationState.fromJson(json.object("appraisal")),
        json.optionalString("key_with_v"),
        old ? "" : json.optionalString("basis").orElse(""),
        old ? Optional.empty() : trial.map(NodeStateJson::trial),
        outdated(json));
  }

  /** A failure as people and scripts see it. */
  public static JsonObject toJson(Failure failure) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("event_id", failure.eventId());
    json.put("recoverable", failure.recoverable());
    json.put("severity_level", failure.severity().level());
    json.put("severity_label", failure.severity().label());
    json.put("check", failure.check());
    json.put("found", failure.found());
    json.put("expected", failure.expected());
    json.put("remedy", failure.remedy());
    json.put("context", failure.context());
    return new JsonObject(json);
  }

  /**
   * A failure of its JSON form.
   *
   * @throws io.limestone.wire.MalformedException if it is none
   */
  public static Failure failure(JsonObject json) {
    return new Failure(
        json.string("event_id"),
        json.bool("recoverable"),
        new Severity((int) json.integer("severity_level"), json.string("severity_label")),
        json.string("check"),
        json.string("found"),
        json.string("expected"),
        json.string("remedy"),
        json.object("context"));
  }

  private static JsonObject incidentJson(Incident incident) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("severity_level", incident.severity());
    json.put("event_id", incident.eventId());
    json.put("at", incident.at().toEpochMilli());
    json.put("failures", incident.failures().stream().map(NodeStateJson::toJson).toList());
    json.put("judged_by", incident.by().stream().map(PolicyUse::toJson).toList());
    return new JsonObject(json);
  }

  private static Incident incident(JsonObject json) {
    return new Incident(
        (int) json.integer("severity_level"),
        json.string("event_id"),
        Instant.ofEpochMilli(json.integer("at")),
        failures(json),
        PolicyUse.listed(json, "judged_by"));
  }

  private static JsonObject trialJson(Trial trial) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("policies", trial.policies().stream().map(PolicyUse::toJson).toList());
    json.put("since", trial.since().toEpochMilli());
    json.put("progress", trial.progress().toJson());
    json.put("failures", trial.failures().stream().map(NodeStateJson::toJson).toList());
    return new JsonObject(json);
  }

  private static Trial trial(JsonObject json) {
    return new Trial(
        PolicyUse.listed(json, "policies"),
        Instant.ofEpochMilli(json.integer("since")),
        ImaProgress.fromJson(json.object("progress")),
        failures(json));
  }

  private static List<Outdated> outdated(JsonObject json) {
    return json.has("outdated")
        ? objects(json, "outdated").stream().map(Outdated::fromJson).toList()
        : List.of();
  }

  private static List<Failure> failures(JsonObject json) {
    return objects(json, "failures").stream().map(NodeStateJson::failure).toList();
  }

  private static List<JsonObject> objects(JsonObject json, String member) {
    return json.list(member).stream()
        .map(
            item -> {
              if (item instanceof JsonObject object) {
                return object;
              }
              throw new MalformedException(member + " is not a list of objects");
            })
        .toList();
  }

  private static Phase phase(JsonObject json, Instant due) {
    Optional<Long> halted = json.optionalInteger("halted");
    if (halted.isPresent()) {
      return new Phase.Halted(
          OperationalState.ofNumber(halted.get())
              .orElseThrow(() -> new MalformedException("no such operational state")));
    }
    if (json.has("terminating")) {
      return new Phase.Terminating();
    }
    Phase.Task task = task(json.string("task"));
    return new Phase.Waiting(task, 0, due);
  }

  private static <E extends Enum<E>> E word(Class<E> kind, String word) {
    for (E value : kind.getEnumConstants()) {
      if (value.name().equals(word)) {
        return value;
      }
    }
    throw new MalformedException("no such " + kind.getSimpleName());
  }

  private static Phase.Task task(String name) {
    for (Phase.Task task : Phase.Task.values()) {
      if (task.name().equals(name)) {
        return task;
      }
    }
    throw new MalformedException("task is none of a node's");
  }
}
