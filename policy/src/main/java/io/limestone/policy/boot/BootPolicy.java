package io.limestone.policy.boot;

import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The measured-boot policy of a node: an engine and the document that it reads. A document with the
 * member {@code limestone_boot_policy} is a policy of ours and brings its engine with it; any other
 * is read by the engine of Keylime's name. Whatever the engine, and also with the document {@code
 * {}}, the event log must replay to the quoted PCRs.
 */
public final class BootPolicy {
  /** What an engine of ours is called in event ids, where Keylime has the name of its own. */
  public static final String OURS = "limestone";

  /** What a signed policy of ours would hide from an engine that reads no document. */
  private static final Set<String> ENVELOPE = Set.of("payload", "payloadType", "signatures");

  private static final Set<Integer> ALL_PCRS = pcrs(0, 15);
  private static final Set<Integer> EXAMPLE_PCRS = pcrs(0, 9, 14);

  private final String name;
  private final Engine engine;
  private final Optional<String> problem;
  private final Optional<Instant> now;

  /** What decides once the log has been found genuine. */
  private sealed interface Engine {
    /** Any genuine log will do. */
    record AcceptAll() implements Engine {}

    /** No log will do, for this reason. */
    record Refuse(String found, String remedy) implements Engine {}

    /** No log will do, since the document cannot be used. */
    record Unusable(String reason) implements Engine {}

    /** Keylime's {@code example}. */
    record Example(ReferenceState state) implements Engine {}

    /** A document of ours. */
    record Ours(BootRules rules) implements Engine {}
  }

  private BootPolicy(String name, Engine engine, Optional<String> problem, Optional<Instant> now) {
    this.name = name;
    this.engine = engine;
    this.problem = problem;
    this.now = now;
  }

  /**
   * A policy as stored: it is not refused here, since Keylime takes any text and reports it when a
   * node is appraised; so do we, as a failure. Entries that count for a limited time do not count:
   * see {@link #at}.
   *
   * @param engineName Keylime's {@code measured_boot_policy_name}
   * @param document Keylime's {@code mb_policy}: JSON text
   */
  public static BootPolicy of(String engineName, String document) {
    JsonObject json;
    try {
      json = Json.object(document);
    } catch (MalformedException e) {
      return new BootPolicy(
          engineName, unusable(e), Optional.of(String.valueOf(e.getMessage())), Optional.empty());
    }
    boolean ours = json.has(BootRules.MARKER) && !engineName.equals("reject-all");
    return new BootPolicy(
        ours ? OURS : engineName,
        ours ? ours(document) : keylimes(engineName, document, json),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * A policy in a file, where no verifier's setting says how to read it: a reference state is read
   * by {@code example}. {@code {}} is none, and asks of the log only that it is genuine.
   */
  public static BootPolicy of(String document) {
    boolean empty;
    try {
      empty = Json.object(document).members().isEmpty();
    } catch (MalformedException e) {
      empty = false; // told by the policy itself
    }
    return of(empty ? "accept-all" : "example", document);
  }

  private static Engine ours(String document) {
    try {
      return new Engine.Ours(BootRules.parse(document));
    } catch (MalformedException e) {
      return unusable(e);
    }
  }

  private static Engine keylimes(String engineName, String document, JsonObject json) {
    if (ENVELOPE.stream().allMatch(json::has)) {
      return new Engine.Unusable(
          "it is within an envelope with a signature, which is not looked into: verify the"
              + " signature, and store the policy itself");
    }
    return switch (engineName) {
      case "accept-all" -> new Engine.AcceptAll();
      case "reject-all" -> new Engine.Refuse("reject-all accepts no log", "choose another engine");
      case "example" -> example(document);
      default ->
          new Engine.Refuse(
              "this engine is not known here, so it accepted nothing",
              "set verifier.measured_boot_policy_name to one that is: accept-all, reject-all,"
                  + " example");
    };
  }

  private static Engine example(String document) {
    try {
      return new Engine.Example(ReferenceState.parse(document));
    } catch (MalformedException e) {
      return unusable(e);
    }
  }

  private static Engine unusable(MalformedException e) {
    return new Engine.Unusable(String.valueOf(e.getMessage()));
  }

  /** This policy as it is at a time: entries that count at that time do. */
  public BootPolicy at(Instant time) {
    return new BootPolicy(name, engine, problem, Optional.of(time));
  }

  /** The engine's name, fit for an event id and a log line. */
  public String name() {
    return Encoding.printable(name, 80);
  }

  /** Why the document is no JSON object; empty if it is one. */
  public Optional<String> problem() {
    return problem;
  }

  /** Why the document cannot be used, so that no log will do; empty if it can. */
  public Optional<String> unusable() {
    return engine instanceof Engine.Unusable(String reason)
        ? Optional.of(reason)
        : Optional.empty();
  }

  /** The PCRs that the log must account for. */
  public Set<Integer> pcrs() {
    return engine instanceof Engine.Example ? EXAMPLE_PCRS : ALL_PCRS;
  }

  /** Whether the running system measures into a PCR what the policy knows of. */
  public boolean measuresLater(int pcr) {
    return engine instanceof Engine.Ours(BootRules rules) && rules.measuresLater(pcr);
  }

  /** The values that a PCR may have if the log replays to {@code replayed}. */
  public Set<Bytes> values(int pcr, HashAlg bank, Bytes replayed) {
    return engine instanceof Engine.Ours(BootRules rules)
        ? rules.values(pcr, bank, replayed)
        : Set.of(replayed);
  }

  /** Judges the events of a genuine log, as the quoted bank knows them. */
  public Judgement judge(List<MeasuredEvent> events) {
    return switch (engine) {
      case Engine.AcceptAll() -> Judgement.ACCEPTED;
      case Engine.Refuse(String found, String remedy) -> refused(found, remedy);
      case Engine.Unusable(String reason) ->
          refused("the policy cannot be used: " + reason, "correct the policy");
      case Engine.Example(ReferenceState state) -> state.judge(events);
      case Engine.Ours(BootRules rules) -> rules.judge(events, now);
    };
  }

  private Judgement refused(String found, String remedy) {
    return Judgement.refused(
        Objection.ofLog(
            "the measured-boot policy " + name() + " accepts the log",
            found,
            "acceptance",
            remedy));
  }

  private static Set<Integer> pcrs(int from, int to, int... others) {
    return IntStream.concat(IntStream.rangeClosed(from, to), IntStream.of(others))
        .filter(pcr -> pcr != 10)
        .boxed()
        .collect(Collectors.toUnmodifiableSet());
  }
}
