package io.limestone.appraisal;

import io.limestone.tpm.ClockInfo;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one attestation of a node leaves for the next: a value, state in, state out. An older state
 * is still right, it only makes the next log slice longer.
 *
 * @param clock of the last quote whose signature was good
 * @param publicKeyPem the transport key that the last trusted quote was bound to
 */
public record AttestationState(
    Optional<ClockInfo> clock,
    Optional<String> publicKeyPem,
    ImaProgress ima,
    OptionalLong bootTime) {
  /** Nothing is known yet: of a new node, or one that starts afresh. */
  public static final AttestationState NONE =
      new AttestationState(
          Optional.empty(), Optional.empty(), ImaProgress.NONE, OptionalLong.empty());

  /** The entry to ask the measurement list from. */
  public long nextImaEntry() {
    return ima.nextEntry();
  }

  /** The portable form, for storage. */
  public JsonObject toJson() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("version", 1L);
    clock.ifPresent(
        at -> {
          Map<String, Object> tpm = new LinkedHashMap<>();
          tpm.put("clock_ms", at.clock());
          tpm.put("reset_count", at.resetCount());
          tpm.put("restart_count", at.restartCount());
          tpm.put("safe", at.safe());
          members.put("clock", new JsonObject(tpm));
        });
    publicKeyPem.ifPresent(pem -> members.put("public_key", pem));
    members.put("ima", ima.toJson());
    bootTime.ifPresent(time -> members.put("boot_time", time));
    return new JsonObject(members);
  }

  /**
   * The state of its portable form.
   *
   * @throws MalformedException if it is not one; {@link #NONE} is then the safe thing to go on with
   */
  public static AttestationState fromJson(JsonObject json) {
    if (json.integer("version") != 1) {
      throw new MalformedException("attestation state of a version that is not known");
    }
    return new AttestationState(
        json.optionalObject("clock")
            .map(
                at ->
                    new ClockInfo(
                        at.integer("clock_ms"),
                        at.integer("reset_count"),
                        at.integer("restart_count"),
                        at.bool("safe"))),
        json.optionalString("public_key"),
        ImaProgress.fromJson(json.object("ima")),
        json.optionalInteger("boot_time").map(OptionalLong::of).orElseGet(OptionalLong::empty));
  }
}
