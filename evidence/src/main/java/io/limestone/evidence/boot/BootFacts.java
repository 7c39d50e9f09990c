package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What booted, for people: firmware, keys, programs, kernel, in the order in which they were
 * measured. Of everything it says whether the digest proves the words; for what is not proven only
 * the digest is worth anything.
 *
 * @param firmware version, and pieces of firmware
 * @param secureBoot whether it is on; empty if the log does not say, or says so without proof
 * @param keys signature databases by name (PK, KEK, db, dbx), the last event of each name
 * @param authorities what let programs start
 * @param revocations SbatLevel
 * @param drivers drivers that did not come with the firmware, PCR 2
 * @param programs boot loaders and kernels, PCR 4
 * @param bootEntries boot options of the firmware
 * @param commandLines of kernels
 * @param files what grub read, PCR 9
 * @param sections of a unified kernel image, PCR 11, with the digests of their content
 * @param lists shim's lists of keys, PCR 14
 */
public record BootFacts(
    List<Fact> firmware,
    Optional<Boolean> secureBoot,
    Map<String, KeyStore> keys,
    List<Fact> authorities,
    List<Fact> revocations,
    List<Fact> drivers,
    List<Fact> programs,
    List<Fact> bootEntries,
    List<Fact> commandLines,
    List<Fact> files,
    List<Fact> sections,
    List<Fact> lists) {

  /**
   * One thing that was measured.
   *
   * @param text what the log says that it is; hostile
   * @param proven whether the digest proves that
   */
  public record Fact(MeasuredEvent event, String text, boolean proven) {
    /** The digest of the bank that the facts are of; empty bytes if the bank has none. */
    public Bytes digest() {
      return event.digest().orElse(Bytes.EMPTY);
    }
  }

  /**
   * A signature database.
   *
   * @param entries in order, with the list's type each
   */
  public record KeyStore(MeasuredEvent event, List<Entry> entries, boolean proven) {
    /** A key or hash, and of what type it is. */
    public record Entry(Guid type, SignatureList.Signature signature) {}

    public KeyStore {
      entries = List.copyOf(entries);
    }
  }

  /** The facts of a log as one bank knows it. */
  public static BootFacts of(List<MeasuredEvent> events) {
    return new Collector().collect(events);
  }

  private static final class Collector {
    private final List<Fact> firmware = new ArrayList<>();
    private Optional<Boolean> secureBoot = Optional.empty();
    private final Map<String, KeyStore> keys = new LinkedHashMap<>();
    private final List<Fact> authorities = new ArrayList<>();
    private final List<Fact> revocations = new ArrayList<>();
    private final List<Fact> drivers = new ArrayList<>();
    private final List<Fact> programs = new ArrayList<>();
    private final List<Fact> bootEntries = new ArrayList<>();
    private final List<Fact> commandLines = new ArrayList<>();
    private final List<Fact> files = new ArrayList<>();
    private final List<Fact> sections = new ArrayList<>();
    private final List<Fact> lists = new ArrayList<>();

    private BootFacts collect(List<MeasuredEvent> events) {
      events.stream().filter(event -> event.event().isExtended()).forEach(this::take);
      return new BootFacts(
          List.copyOf(firmware),
          secureBoot,
          keys,
          List.copyOf(authorities),
          List.copyOf(revocations),
          List.copyOf(drivers),
          List.copyOf(programs),
          List.copyOf(bootEntries),
          List.copyOf(commandLines),
          List.copyOf(files),
          List.copyOf(sections),
          List.copyOf(lists));
    }

    private void take(MeasuredEvent event) {
      switch (event.event().payload()) {
        case Variable variable -> variable(event, variable);
        case Ipl ipl -> ipl(event, ipl);
        case BootPayload.Image image -> {
          String path = image.path().text();
          List<Fact> where =
              event.type() == EventType.EV_EFI_BOOT_SERVICES_APPLICATION ? programs : drivers;
          add(where, event, path.isEmpty() ? "(from memory)" : path);
        }
        case BootPayload.Text text -> {
          if (event.pcr() == 0) {
            add(firmware, event, text.text());
          }
        }
        case BootPayload.FirmwareBlob blob ->
            add(
                firmware,
                event,
                "%s0x%x bytes at 0x%x"
                    .formatted(
                        blob.description().isEmpty() ? "" : blob.description() + ", ",
                        blob.length(),
                        blob.base()));
        case BootPayload.Separator _,
            BootPayload.Gpt _,
            BootPayload.Tables _,
            BootPayload.Tagged _,
            BootPayload.StartupLocality _,
            BootPayload.Notice _,
            BootPayload.TrustPoint _,
            BootPayload.Device _,
            BootPayload.Unparsed _ -> {}
      }
    }

    private void variable(MeasuredEvent event, Variable variable) {
      boolean proven = event.binding().provesPayload();
      switch (variable.value()) {
        case VariableValue.SignatureLists signatures when event.pcr() == 7 ->
            keys.put(variable.name(), new KeyStore(event, entries(signatures), proven));
        case VariableValue.Authority authority -> add(authorities, event, variable.name());
        case VariableValue.Text text -> add(revocations, event, text.text());
        case VariableValue.Flag flag when event.pcr() == 7 && isSecureBoot(event, variable) -> {
          if (proven) {
            secureBoot = Optional.of(flag.set());
          }
        }
        case VariableValue.BootOption option ->
            add(
                bootEntries,
                event,
                "%s%s %s  %s"
                    .formatted(
                        variable.name(),
                        option.active() ? "" : " (off)",
                        option.description(),
                        option.path().text()));
        case VariableValue.SignatureLists _,
            VariableValue.Flag _,
            VariableValue.BootOrder _,
            VariableValue.Raw _,
            VariableValue.Unparsed _ -> {}
      }
    }

    private static boolean isSecureBoot(MeasuredEvent event, Variable variable) {
      return event.type() == EventType.EV_EFI_VARIABLE_DRIVER_CONFIG
          && variable.is(Guid.GLOBAL, "SecureBoot");
    }

    private static List<KeyStore.Entry> entries(VariableValue.SignatureLists signatures) {
      return signatures.lists().stream()
          .flatMap(
              list ->
                  list.signatures().stream()
                      .map(signature -> new KeyStore.Entry(list.type(), signature)))
          .toList();
    }

    private void ipl(MeasuredEvent event, Ipl ipl) {
      switch (ipl.kind()) {
        case KERNEL_COMMAND_LINE, MODULE_COMMAND_LINE, UKI_COMMAND_LINE ->
            add(commandLines, event, ipl.argument());
        case FILE, UKI_INITRD -> add(files, event, ipl.text());
        case UKI_SECTION -> {
          // Each section twice: its name, which is proven, then its content by the digest alone.
          if (!event.binding().provesPayload()) {
            add(sections, event, ipl.text());
          }
        }
        case MOK -> add(lists, event, ipl.text());
        case GRUB_COMMAND, OTHER -> {}
      }
    }

    private static void add(List<Fact> facts, MeasuredEvent event, String text) {
      facts.add(new Fact(event, text, event.binding().provesPayload()));
    }
  }
}
