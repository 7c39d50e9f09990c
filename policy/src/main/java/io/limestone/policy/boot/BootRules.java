package io.limestone.policy.boot;

import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A boot policy of our own (docs/boot-policies.md): what firmware, keys, programs, files and
 * command line a boot may consist of. Whatever it does not allow is refused; what it is to leave
 * out of account, it says with {@code "any"}.
 *
 * @param secureBoot empty: either will do
 * @param measured what may be measured; an aspect without entry here may be anything
 * @param keys what PK, KEK, db may hold and who may have signed ({@code authorities}); a name
 *     without entry here may be anything
 * @param dbx hashes or certificates that must be revoked
 * @param sbat the least generations that SbatLevel must demand
 * @param commandLines alternatives; empty: any will do
 * @param phases what systemd may have measured into PCR 11 after the log, as paths of phases;
 *     empty: nothing
 * @param absent mandatory events that this machine's firmware does not log
 */
public record BootRules(
    Optional<Boolean> secureBoot,
    Map<Aspect, List<Allowed>> measured,
    Map<String, List<AllowedKey>> keys,
    List<Demanded.Revoked> dbx,
    List<Demanded.Generation> sbat,
    Optional<List<CommandLine>> commandLines,
    Set<String> phases,
    Set<String> absent) {

  /** The member that tells a document of ours from a reference state, and its value. */
  public static final String MARKER = "limestone_boot_policy";

  public static final long VERSION = 1;
  private static final int PHASES_PCR = 11;

  /**
   * Reads a document.
   *
   * @throws MalformedException naming the place that is wrong or not known
   */
  public static BootRules parse(JsonObject json) {
    return BootRulesParser.parse(json);
  }

  /**
   * Reads a document.
   *
   * @throws MalformedException naming the line, and the place that is wrong or not known
   */
  public static BootRules parse(String document) {
    JsonObject json = Json.object(document);
    try {
      return parse(json);
    } catch (PolicyFault e) {
      throw e.in("line " + PolicyLine.of(document, e.path()));
    }
  }

  /** The JSON Schema (draft 2020-12) of documents: for editors, and for whoever writes them. */
  public static String schema() {
    try (InputStream in = BootRules.class.getResourceAsStream("boot-policy.schema.json")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Judges the events of a log, as the quoted bank knows them, at a time. */
  public Judgement judge(List<MeasuredEvent> events, Optional<Instant> now) {
    return new BootRulesCheck(this, now).judge(events);
  }

  /** Whether phases of the running system are measured into a PCR, after the log. */
  public boolean measuresLater(int pcr) {
    return pcr == PHASES_PCR && !phases.isEmpty();
  }

  /** The values that a PCR may have if the log replays to {@code replayed}. */
  public Set<Bytes> values(int pcr, HashAlg bank, Bytes replayed) {
    if (!measuresLater(pcr)) {
      return Set.of(replayed);
    }
    Set<Bytes> values = new LinkedHashSet<>();
    for (String path : phases) {
      Bytes value = replayed;
      for (String phase : path.isEmpty() ? new String[0] : path.split(":", -1)) {
        value =
            bank.extend(value, bank.digest(Bytes.of(phase.getBytes(StandardCharsets.US_ASCII))));
      }
      values.add(value);
    }
    return values;
  }
}
