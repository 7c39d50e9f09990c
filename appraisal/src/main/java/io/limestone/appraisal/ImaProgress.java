package io.limestone.appraisal;

import io.limestone.policy.VerificationKeys;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far a node's measurement list has been bound to quotes since it booted.
 *
 * @param nextEntry entries bound so far; the next request asks from here
 * @param running PCR 10 after those entries; absent at entry 0
 * @param ahead entries seen beyond the last quote, which the next quote must cover
 * @param learned keys that the node's kernel loaded, allowed by the policy, in the entries bound
 * @param devices device-mapper devices after the entries bound
 * @param aggregate the digest in entry 0, {@code algorithm:hex}; absent if none was judged
 */
public record ImaProgress(
    long nextEntry,
    Optional<Running> running,
    long ahead,
    VerificationKeys learned,
    DmDevices devices,
    Optional<String> aggregate) {
  /** Nothing seen: the whole list is needed. */
  public static final ImaProgress NONE =
      new ImaProgress(
          0, Optional.empty(), 0, VerificationKeys.NONE, DmDevices.NONE, Optional.empty());

  /** The value of PCR 10 in one bank. */
  public record Running(HashAlg bank, Bytes pcr10) {}

  /** As far, by what another policy let the node do. */
  ImaProgress as(ImaJudge.Known known) {
    return new ImaProgress(
        nextEntry, running, ahead, known.learned(), known.devices(), known.aggregate());
  }

  /** The portable form, for storage. */
  public JsonObject toJson() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("next_entry", nextEntry);
    running.ifPresent(
        at -> {
          members.put("bank", at.bank().keylimeName());
          members.put("pcr10", at.pcr10().hex());
        });
    members.put("ahead", ahead);
    if (!learned.isEmpty()) {
      members.put("learned_keys", learned.toJson());
    }
    if (!devices.isEmpty()) {
      members.put("devices", devices.toJson());
    }
    aggregate.ifPresent(first -> members.put("boot_aggregate", first));
    return new JsonObject(members);
  }

  /**
   * The progress of its portable form.
   *
   * @throws MalformedException if it is not one
   */
  public static ImaProgress fromJson(JsonObject json) {
    long nextEntry = json.integer("next_entry");
    Optional<Running> running =
        json.optionalString("bank")
            .map(
                bank ->
                    new Running(
                        HashAlg.named(bank)
                            .orElseThrow(() -> new MalformedException("bank is not known")),
                        Bytes.ofHex(json.string("pcr10"))));
    if (nextEntry < 0 || (nextEntry > 0 && running.isEmpty())) {
      throw new MalformedException("next_entry without a running PCR 10");
    }
    return new ImaProgress(
        nextEntry,
        running,
        json.integer("ahead"),
        json.optionalObject("learned_keys")
            .map(VerificationKeys::fromJson)
            .orElse(VerificationKeys.NONE),
        json.optionalObject("devices").map(DmDevices::fromJson).orElse(DmDevices.NONE),
        json.optionalString("boot_aggregate"));
  }
}
