package io.limestone.policy;

import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.util.Optional;

/**
 * The measured-boot policy of a node: an engine by its Keylime name, and the reference state it
 * reads. Whatever the engine, and also with the reference state {@code {}}, the event log must
 * replay to the quoted PCRs.
 */
public final class BootPolicy {
  /** What decides once the log has been found genuine. */
  public enum Engine {
    /** Any genuine log will do. */
    ACCEPT_ALL,
    /** No log will do. */
    REJECT_ALL,
    /** Not known or not supported: never trusted. */
    UNKNOWN
  }

  private final String name;
  private final String referenceState;
  private final Engine engine;
  private final Optional<String> problem;

  private BootPolicy(String name, String referenceState, Engine engine, Optional<String> problem) {
    this.name = name;
    this.referenceState = referenceState;
    this.engine = engine;
    this.problem = problem;
  }

  /**
   * A policy as stored: it is not refused here, since Keylime takes any text and reports it when a
   * node is appraised; so do we, as a failure.
   *
   * @param engineName Keylime's {@code measured_boot_policy_name}
   * @param referenceState Keylime's {@code mb_policy}: JSON text
   */
  public static BootPolicy of(String engineName, String referenceState) {
    Engine engine =
        switch (engineName) {
          case "accept-all" -> Engine.ACCEPT_ALL;
          case "reject-all" -> Engine.REJECT_ALL;
          default -> Engine.UNKNOWN;
        };
    return new BootPolicy(engineName, referenceState, engine, problem(referenceState));
  }

  private static Optional<String> problem(String referenceState) {
    try {
      Json.object(referenceState);
      return Optional.empty();
    } catch (MalformedException e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  /** The engine's Keylime name, fit for an event id and a log line. */
  public String name() {
    return Encoding.printable(name, 80);
  }

  public String referenceState() {
    return referenceState;
  }

  public Engine engine() {
    return engine;
  }

  /** Why the reference state cannot be used; empty if it can. */
  public Optional<String> problem() {
    return problem;
  }
}
