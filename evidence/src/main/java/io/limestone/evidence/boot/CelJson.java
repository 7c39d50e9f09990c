package io.limestone.evidence.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The Canonical Event Log in JSON (TCG CEL 1.0 §6): a list of records, or records one after another
 * as systemd writes them ({@code /run/log/systemd/tpm2-measure.log}). Read are records of PCRs with
 * content {@code pcclient_std} and {@code systemd}; other content is kept unread.
 */
final class CelJson {
  private static final char RECORD_SEPARATOR = 0x1e;

  private CelJson() {}

  static boolean looksLike(Bytes log) {
    int first = log.bigEndian().u8("first byte");
    return first == '[' || first == '{' || first == RECORD_SEPARATOR;
  }

  static BootLog parse(Bytes log) {
    BootEvents events = new BootEvents();
    Set<HashAlg> banks = EnumSet.noneOf(HashAlg.class);
    for (JsonObject item : records(log)) {
      if (item.has("pcr")) {
        Map<HashAlg, Bytes> digests = digests(item);
        banks.addAll(digests.keySet());
        add(events, item.integer("pcr"), digests, item);
      }
    }
    if (banks.isEmpty()) {
      throw new MalformedException("CEL without a digest of a known algorithm");
    }
    return new BootLog(
        BootLog.Form.CEL_JSON, Optional.empty(), banks, events.list(), events.locality());
  }

  private static List<JsonObject> records(Bytes log) {
    List<JsonObject> records = new ArrayList<>();
    if (log.bigEndian().u8("first byte") == '[') {
      if (Json.value(log.toArray()) instanceof List<?> list) {
        list.forEach(item -> records.add(object(item)));
      }
      return records;
    }
    String text = new String(log.toArray(), StandardCharsets.UTF_8);
    for (String line : text.split("[\n\u001e]", -1)) {
      if (!line.isBlank()) {
        records.add(Json.object(line));
      }
    }
    return records;
  }

  private static JsonObject object(@Nullable Object item) {
    if (item instanceof JsonObject object) {
      return object;
    }
    throw new MalformedException("CEL: not every record is an object");
  }

  private static Map<HashAlg, Bytes> digests(JsonObject item) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    for (Object each : item.list("digests")) {
      JsonObject entry = object(each);
      Optional<HashAlg> alg = HashAlg.named(entry.string("hashAlg"));
      if (alg.isPresent()) {
        Bytes digest = Bytes.ofHex(entry.string("digest"));
        if (digest.size() != alg.get().size() || digests.put(alg.get(), digest) != null) {
          throw new MalformedException(
              "CEL digest of " + alg.get().keylimeName() + ": wrong or twice");
        }
      }
    }
    return digests;
  }

  private static void add(
      BootEvents events, long pcr, Map<HashAlg, Bytes> digests, JsonObject item) {
    String type = item.optionalString("content_type").orElse("");
    JsonObject content = item.optionalObject("content").orElse(new JsonObject(Map.of()));
    switch (type) {
      case "pcclient_std" ->
          events.add(pcr, code(content), digests, Bytes.ofHex(content.string("event_data")));
      case "systemd" -> {
        String text = content.optionalString("string").orElse("");
        Bytes data = Bytes.of(text.getBytes(StandardCharsets.UTF_8));
        events.add(pcr, CelTlv.OTHER_CONTENT, digests, data, new BootPayload.Text(text));
      }
      default ->
          events.add(
              pcr,
              CelTlv.OTHER_CONTENT,
              digests,
              Bytes.EMPTY,
              new BootPayload.Unparsed("CEL content " + type));
    }
  }

  /** A number, or the name of a type. */
  private static long code(JsonObject content) {
    Object type = content.members().get("event_type");
    if (type instanceof Number number
        && number.longValue() >= 0
        && number.longValue() >>> 32 == 0) {
      return number.longValue();
    }
    for (EventType known : EventType.values()) {
      if (known.name().equals(type)) {
        return known.code();
      }
    }
    throw new MalformedException("CEL: no event_type");
  }
}
