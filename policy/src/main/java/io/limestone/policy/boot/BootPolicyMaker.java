package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.BootFacts.KeyStore;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.policy.TextPattern;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Makes boot policies of ours from logs. A policy is made by judging: it begins with one that
 * allows nothing, and takes the smallest change for each objection until there is none left. So
 * what is made accepts the logs that it was made from, or is not made.
 */
public final class BootPolicyMaker {
  private static final Pattern UUID_VALUE =
      Pattern.compile("((?:PART)?UUID=|)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final String UUID_REGEX = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  private BootPolicyMaker() {}

  /**
   * A document, or what stands in the way.
   *
   * @param objections to the logs by the document, after which no change helps; empty if it is good
   */
  public record Made(JsonObject document, List<Objection> objections) {
    public Made {
      objections = List.copyOf(objections);
    }
  }

  /** The policy that allows the boots that logs of the same kind of machine tell of. */
  public static Made make(List<List<MeasuredEvent>> logs) {
    DocumentTree document = new DocumentTree(empty(logs));
    for (List<MeasuredEvent> log : logs) {
      List<Objection> left = complete(document, log);
      if (!left.isEmpty()) {
        return new Made(document.json(), left);
      }
    }
    DocumentTree merged = new DocumentTree(document.json());
    mergeCommandLines(merged);
    DocumentTree best = objections(merged, logs).isEmpty() ? merged : document;
    return new Made(best.json(), objections(best, logs));
  }

  /** Of all logs: a change for one may have been against another, such as Secure Boot off. */
  private static List<Objection> objections(DocumentTree document, List<List<MeasuredEvent>> logs) {
    BootRules rules = BootRules.parse(document.json());
    return logs.stream()
        .flatMap(log -> rules.judge(log, Optional.empty()).objections().stream())
        .toList();
  }

  /** Takes the change of each objection; what is left is what no change helps against. */
  private static List<Objection> complete(DocumentTree document, List<MeasuredEvent> log) {
    Judgement judgement = BootRules.parse(document.json()).judge(log, Optional.empty());
    boolean changed = false;
    for (Objection objection : judgement.objections()) {
      if (objection.change().isPresent()) {
        document.apply(objection.change().get());
        changed = true;
      }
    }
    return changed
        ? BootRules.parse(document.json()).judge(log, Optional.empty()).objections()
        : judgement.objections();
  }

  /** What allows nothing, and demands that all logs' revocations stay. */
  private static JsonObject empty(List<List<MeasuredEvent>> logs) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(BootRules.MARKER, BootRules.VERSION);
    json.put("secure_boot", true);
    for (Aspect aspect : Aspect.values()) {
      json.put(aspect.member(), aspect == Aspect.CONFIGURATION ? "any" : List.of());
    }
    Map<String, Object> keys = new LinkedHashMap<>();
    BootRulesParser.KEY_LISTS.forEach(list -> keys.put(list, List.of()));
    json.put("keys", keys);
    json.put("command_lines", List.of());
    json.put("dbx", common(logs).stream().map(hash -> Map.of("sha256", hash.hex())).toList());
    Map<String, Long> sbat = generations(logs.getFirst());
    for (List<MeasuredEvent> log : logs) {
      Map<String, Long> other = generations(log);
      sbat.keySet().retainAll(other.keySet());
      sbat.replaceAll((component, level) -> Math.min(level, other.getOrDefault(component, 0L)));
    }
    json.put("sbat", sbat.entrySet().stream().map(BootPolicyMaker::generation).toList());
    return Json.object(Json.bytes(json));
  }

  static Map<String, Object> generation(Map.Entry<String, Long> level) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("component", level.getKey());
    json.put("level", level.getValue());
    return json;
  }

  private static Set<Bytes> common(List<List<MeasuredEvent>> logs) {
    Set<Bytes> common = new LinkedHashSet<>(revoked(logs.getFirst()));
    logs.forEach(log -> common.retainAll(revoked(log)));
    return common;
  }

  static Set<Bytes> revoked(List<MeasuredEvent> log) {
    Set<Bytes> hashes = new LinkedHashSet<>();
    KeyStore dbx = BootFacts.of(log).keys().get("dbx");
    if (dbx != null && dbx.proven()) {
      for (KeyStore.Entry entry : dbx.entries()) {
        Bytes data = entry.signature().data();
        hashes.add(entry.type().equals(SignatureList.SHA256) ? data : HashAlg.SHA256.digest(data));
      }
    }
    return hashes;
  }

  static Map<String, Long> generations(List<MeasuredEvent> log) {
    Map<String, Long> levels = new TreeMap<>();
    BootFacts.of(log).revocations().stream()
        .filter(BootFacts.Fact::proven)
        .forEach(fact -> levels.putAll(SecureBootCheck.levels(fact.text())));
    levels.remove("sbat"); // the form of the text itself
    return levels;
  }

  /** Command lines that differ only in the values of words become one, with an expression each. */
  private static void mergeCommandLines(DocumentTree document) {
    List<List<String>> lines = new ArrayList<>();
    for (Object item : document.json().list("command_lines")) {
      lines.add(((JsonObject) item).strings("require"));
    }
    if (lines.size() < 2) {
      return;
    }
    Set<String> common = new LinkedHashSet<>(lines.getFirst());
    lines.forEach(common::retainAll);
    Map<String, Set<String>> differing = new LinkedHashMap<>();
    for (List<String> line : lines) {
      for (String word : line) {
        int equals = word.indexOf('=');
        if (!common.contains(word)) {
          if (equals < 1) {
            return; // they differ in more than values, such as the kernel's file
          }
          differing
              .computeIfAbsent(word.substring(0, equals), name -> new LinkedHashSet<>())
              .add(word.substring(equals + 1));
        }
      }
    }
    Map<String, Object> values = new LinkedHashMap<>();
    differing.forEach((name, all) -> values.put(name, expression(all)));
    Map<String, Object> merged = new LinkedHashMap<>();
    merged.put("require", List.copyOf(common));
    merged.put("values", values);
    document.set("command_lines", List.of(merged));
  }

  private static String expression(Set<String> values) {
    Set<String> prefixes = new LinkedHashSet<>();
    for (String value : values) {
      var matcher = UUID_VALUE.matcher(value);
      if (!matcher.matches()) {
        return String.join("|", values.stream().map(TextPattern::quote).sorted().toList());
      }
      prefixes.add(matcher.group(1));
    }
    return prefixes.size() == 1
        ? prefixes.iterator().next() + UUID_REGEX
        : String.join("|", values.stream().map(TextPattern::quote).sorted().toList());
  }
}
