package io.limestone.cli.boot;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.Quirk;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** An event log for scripts: everything that was read, and every bank's replay. */
final class BootJson {
  private final LogFile file;

  BootJson(LogFile file) {
    this.file = file;
  }

  Map<String, Object> json() {
    BootLog log = file.log();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", log.form().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    log.header().ifPresent(spec -> json.put("spec_id", specId(spec)));
    json.put("startup_locality", log.startupLocality());
    json.put("banks", log.banks().stream().sorted().map(HashAlg::keylimeName).toList());
    json.put("boot", facts(file.facts()));
    json.put("events", events());
    Map<String, Object> pcrs = new LinkedHashMap<>();
    Map<String, Object> incomplete = new LinkedHashMap<>();
    Map<String, Object> aggregates = new LinkedHashMap<>();
    for (HashAlg bank : log.banks().stream().sorted().toList()) {
      BootLog.Replay replay = log.replay(bank);
      Map<String, String> values = new LinkedHashMap<>();
      replay.values().forEach((pcr, value) -> values.put(pcr.toString(), value.hex()));
      replay.incomplete().forEach(pcr -> values.remove(pcr.toString()));
      pcrs.put(bank.keylimeName(), values);
      if (!replay.incomplete().isEmpty()) {
        incomplete.put(bank.keylimeName(), List.copyOf(replay.incomplete()));
      }
      aggregates.put(
          bank.keylimeName(), log.bootAggregates(bank).stream().map(Bytes::hex).toList());
    }
    json.put("pcrs", pcrs);
    json.put("incomplete", incomplete);
    json.put("boot_aggregates", aggregates);
    return json;
  }

  private static Map<String, Object> specId(BootLog.SpecId spec) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("platform_class", spec.platformClass());
    json.put("version", spec.versionMajor() + "." + spec.versionMinor() + "." + spec.errata());
    json.put("uintn_size", spec.uintnSize());
    Map<String, Integer> algorithms = new LinkedHashMap<>();
    spec.digestSizes()
        .forEach((id, size) -> algorithms.put(String.format(Locale.ROOT, "0x%04x", id), size));
    json.put("algorithms", algorithms);
    json.put("vendor_info", spec.vendorInfo().hex());
    return json;
  }

  private List<Object> events() {
    Map<HashAlg, List<MeasuredEvent>> measured = new TreeMap<>();
    file.log().banks().forEach(bank -> measured.put(bank, file.log().measured(bank)));
    List<Object> events = new ArrayList<>();
    for (int i = 0; i < file.log().events().size(); i++) {
      int index = i;
      Map<String, String> bindings = new LinkedHashMap<>();
      measured.forEach(
          (bank, all) ->
              bindings.put(
                  bank.keylimeName(), all.get(index).binding().name().toLowerCase(Locale.ROOT)));
      events.add(event(file.log().events().get(i), bindings));
    }
    return events;
  }

  private static Map<String, Object> event(BootEvent event, Map<String, String> bindings) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("number", event.number());
    json.put("pcr", event.pcr());
    json.put("type", event.type().name());
    json.put("type_code", event.code());
    Map<String, String> digests = new LinkedHashMap<>();
    new TreeMap<>(event.digests())
        .forEach((bank, digest) -> digests.put(bank.keylimeName(), digest.hex()));
    json.put("digests", digests);
    json.put("binding", bindings);
    json.put("payload", PayloadJson.of(event.payload()));
    List<String> quirks = Quirk.of(event).stream().map(Quirk::id).toList();
    if (!quirks.isEmpty()) {
      json.put("quirks", quirks);
    }
    json.put("data", event.data().hex());
    return json;
  }

  private static Map<String, Object> facts(BootFacts facts) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("secure_boot", facts.secureBoot().<Object>map(on -> on).orElse("unknown"));
    json.put("firmware", list(facts.firmware()));
    Map<String, Object> keys = new LinkedHashMap<>();
    facts.keys().forEach((name, store) -> keys.put(name, keys(store)));
    json.put("keys", keys);
    json.put("authorities", list(facts.authorities()));
    json.put("sbat_level", list(facts.revocations()));
    json.put("drivers", list(facts.drivers()));
    json.put("programs", list(facts.programs()));
    json.put("boot_entries", list(facts.bootEntries()));
    json.put("command_lines", list(facts.commandLines()));
    json.put("files", list(facts.files()));
    json.put("uki_sections", list(facts.sections()));
    json.put("mok", list(facts.lists()));
    return json;
  }

  private static Map<String, Object> keys(BootFacts.KeyStore store) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("event", store.event().number());
    json.put("proven", store.proven());
    json.put("names", store.entries().stream().map(KeyNames::of).toList());
    return json;
  }

  private static List<Map<String, Object>> list(List<BootFacts.Fact> facts) {
    return facts.stream()
        .map(
            fact -> {
              Map<String, Object> json = new LinkedHashMap<>();
              json.put("event", fact.event().number());
              json.put("text", fact.text());
              json.put("proven", fact.proven());
              json.put("digest", fact.digest().hex());
              return json;
            })
        .toList();
  }
}
