package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.BootFacts.Fact;
import io.limestone.evidence.boot.BootFacts.KeyStore;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.TextPattern;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Makes Keylime's reference state from a log's SHA-256 bank (measured-boot §7). Several logs of one
 * kind of machine give one: more alternatives of firmware and kernels, all keys, and of what must
 * be revoked only what all revoke.
 */
public final class ReferenceStateMaker {
  /** The firmware's own applications, such as its menu: no loaders of an operating system. */
  private static final Pattern FIRMWARE_FILE = Pattern.compile("Fv(Vol)?\\([^)]*\\)/FvFile\\(.*");

  private final List<MeasuredEvent> events;
  private final BootFacts facts;

  private ReferenceStateMaker(List<MeasuredEvent> events) {
    this.events = events;
    this.facts = BootFacts.of(events);
  }

  /** The reference state of one log, whether or not it accepts it: judge it before it is used. */
  public static JsonObject make(List<MeasuredEvent> events) {
    return new ReferenceStateMaker(events).make();
  }

  /** Whether Secure Boot is on; off if the log does not prove that it is. */
  public static boolean secureBoot(List<MeasuredEvent> events) {
    return BootFacts.of(events).secureBoot().orElse(false);
  }

  /** One reference state of those of several logs. */
  public static JsonObject merge(List<JsonObject> states) {
    Map<String, Object> merged = new LinkedHashMap<>(states.getFirst().members());
    for (JsonObject state : states.subList(1, states.size())) {
      for (String name : state.names()) {
        Object value = state.members().get(name);
        if (merged.get(name) instanceof List<?> before && value instanceof List<?> more) {
          List<Object> all = new ArrayList<>(before);
          if (name.equals("dbx")) {
            all.retainAll(more);
          } else {
            more.stream().filter(item -> !all.contains(item)).forEach(all::add);
          }
          merged.put(name, all);
        }
      }
    }
    return new JsonObject(merged);
  }

  private JsonObject make() {
    boolean secureBoot = facts.secureBoot().orElse(false);
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("has_secureboot", secureBoot);
    Map<String, Object> firmware = new LinkedHashMap<>();
    first(facts.firmware(), EventType.EV_S_CRTM_VERSION)
        .forEach(fact -> firmware.put("scrtm", digest(fact)));
    firmware.put(
        "platform_firmware",
        facts.firmware().stream()
            .filter(
                fact ->
                    fact.event().type() == EventType.EV_EFI_PLATFORM_FIRMWARE_BLOB
                        || fact.event().type() == EventType.EV_EFI_PLATFORM_FIRMWARE_BLOB2)
            .map(ReferenceStateMaker::digest)
            .toList());
    state.put("scrtm_and_bios", List.of(firmware));
    state.put("pk", keys("PK"));
    state.put("kek", keys("KEK"));
    state.put("db", keys("db"));
    state.put("dbx", keys("dbx"));
    state.put("vendor_db", vendorKeys());
    state.put("mokdig", lists("MokList"));
    state.put("mokxdig", lists("MokListX"));
    kernel(secureBoot).forEach(kernel -> state.put("kernels", List.of(kernel)));
    return Json.object(Json.bytes(state));
  }

  private static List<Fact> first(List<Fact> facts, EventType type) {
    return facts.stream().filter(fact -> fact.event().type() == type).limit(1).toList();
  }

  private List<Object> keys(String name) {
    KeyStore store = facts.keys().get(name);
    return store == null
        ? List.of()
        : store.entries().stream().<Object>map(entry -> key(entry.signature())).toList();
  }

  private static Map<String, Object> key(
      io.limestone.evidence.boot.SignatureList.Signature signature) {
    Map<String, Object> key = new LinkedHashMap<>();
    key.put("SignatureOwner", signature.owner().toString());
    key.put("SignatureData", "0x" + signature.data().hex());
    return key;
  }

  private List<Object> vendorKeys() {
    return events.stream()
        .filter(event -> event.type() == EventType.EV_EFI_VARIABLE_AUTHORITY)
        .flatMap(event -> event.proven(BootPayload.Variable.class).stream())
        .filter(variable -> variable.name().equals("vendor_db"))
        .flatMap(variable -> BootNames.vendorKeys(variable.data()).stream())
        .<Object>map(ReferenceStateMaker::key)
        .toList();
  }

  private List<Object> lists(String name) {
    return facts.lists().stream()
        .filter(fact -> fact.text().equals(name))
        .<Object>map(ReferenceStateMaker::digest)
        .toList();
  }

  /** None if the log has not what a kernel's entry needs. */
  private List<Map<String, Object>> kernel(boolean secureBoot) {
    List<Fact> loaders =
        facts.programs().stream()
            .filter(fact -> !FIRMWARE_FILE.matcher(fact.text()).matches())
            .toList();
    List<Fact> initrds = files(name -> name.contains("initrd") || name.contains("initramfs"));
    List<Fact> kernels = files(name -> name.contains("vmlinuz"));
    List<String> commandLines =
        events.stream()
            .filter(event -> event.pcr() == 8)
            .flatMap(event -> event.proven(Ipl.class).stream())
            .filter(ipl -> ipl.text().startsWith(ReferenceState.COMMAND_LINE))
            .map(Ipl::argument)
            .toList();
    boolean enough =
        secureBoot
            ? loaders.size() == 3 || loaders.size() == 4
            : loaders.size() == 2 && !kernels.isEmpty();
    if (!enough || initrds.isEmpty() || commandLines.isEmpty()) {
      return List.of();
    }
    Map<String, Object> kernel = new LinkedHashMap<>();
    kernel.put("shim_authcode_sha256", hex(loaders.get(0)));
    kernel.put("grub_authcode_sha256", hex(loaders.get(1)));
    if (secureBoot) {
      kernel.put("kernel_authcode_sha256", hex(loaders.get(2)));
    } else {
      kernel.put("vmlinuz_plain_sha256", hex(kernels.getFirst()));
    }
    kernel.put("initrd_plain_sha256", hex(initrds.getFirst()));
    kernel.put("kernel_cmdline", TextPattern.quote(commandLines.getFirst()));
    return List.of(kernel);
  }

  private List<Fact> files(Predicate<String> name) {
    return facts.files().stream().filter(fact -> name.test(fact.text())).toList();
  }

  private static Map<String, Object> digest(Fact fact) {
    return Map.of(fact.event().bank().keylimeName(), hex(fact));
  }

  private static String hex(Fact fact) {
    return "0x" + fact.digest().hex();
  }
}
