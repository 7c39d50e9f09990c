package io.limestone.cli.boot;

import io.limestone.cli.args.Output;
import io.limestone.evidence.boot.Binding;
import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.BootFacts.Fact;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.Quirk;
import io.limestone.evidence.boot.VariableValue;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** An event log for people: what booted first, then each PCR. */
final class BootTree {
  private static final int WIDEST = 160;
  private static final int FEW_KEYS = 12;

  private final LogFile file;
  private final Output output;

  BootTree(LogFile file, Output output) {
    this.file = file;
    this.output = output;
  }

  void print(boolean events) {
    head();
    facts(file.facts());
    quirks();
    pcrs(events);
  }

  private void head() {
    BootLog log = file.log();
    String form =
        log.header()
            .map(spec -> "crypto-agile " + spec.versionMajor() + "." + spec.versionMinor())
            .orElseGet(
                () ->
                    switch (log.form()) {
                      case CRYPTO_AGILE -> "crypto-agile";
                      case SHA1 -> "old form, SHA-1 only";
                      case CEL_TLV -> "canonical event log (TLV)";
                      case CEL_JSON -> "canonical event log (JSON)";
                    });
    line("log", log.events().size() + " events, " + form + ", " + banks(log));
    if (log.startupLocality() != 0) {
      line("started", "from locality " + log.startupLocality());
    }
  }

  private static String banks(BootLog log) {
    return "banks "
        + log.banks().stream().sorted().map(HashAlg::keylimeName).collect(Collectors.joining(", "));
  }

  private void facts(BootFacts facts) {
    facts("firmware", facts.firmware());
    line(
        "secure boot",
        facts.secureBoot().map(on -> on ? "on" : "off").orElse("not said, or not proven"));
    facts.keys().forEach(this::keys);
    facts("drivers", facts.drivers());
    facts("programs", facts.programs());
    for (Fact authority : facts.authorities()) {
      line("allowed by", words(authority) + mark(authority));
    }
    facts("sbat level", facts.revocations());
    facts("shim's lists", facts.lists());
    facts("kernel image", facts.sections());
    facts("command line", facts.commandLines());
    facts("files", facts.files());
  }

  /** The name of the variable, and whom the certificate is of. */
  private static String words(Fact authority) {
    return authority.event().event().payload() instanceof BootPayload.Variable variable
            && variable.value() instanceof VariableValue.Authority by
        ? authority.text() + ": " + KeyNames.of(by)
        : authority.text();
  }

  private void keys(String name, BootFacts.KeyStore store) {
    int size = store.entries().size();
    String proof = store.proven() ? "" : "   NOT PROVEN";
    line("  " + name, (size == 0 ? "empty" : size + (size == 1 ? " entry" : " entries")) + proof);
    store.entries().stream().limit(FEW_KEYS).forEach(key -> line("", "  " + KeyNames.of(key)));
    if (size > FEW_KEYS) {
      line("", "  … and " + (size - FEW_KEYS) + " more (--json shows all)");
    }
  }

  private void facts(String label, List<Fact> facts) {
    String shown = label;
    for (Fact fact : facts) {
      line(shown, fact.text().strip() + mark(fact));
      shown = "";
    }
  }

  /** What can be held against a policy where the words cannot. */
  private static String mark(Fact fact) {
    return fact.proven()
        ? ""
        : "   " + fact.event().bank().keylimeName() + " " + fact.digest().hex();
  }

  private void quirks() {
    SortedMap<String, Long> seen = new TreeMap<>();
    for (BootEvent event : file.log().events()) {
      Quirk.of(event).forEach(quirk -> seen.merge(quirk.id(), 1L, Long::sum));
    }
    seen.forEach((id, count) -> line("quirk", id + " (" + count + ")"));
  }

  private void pcrs(boolean events) {
    BootLog.Replay replay = file.log().replay(file.bank());
    TreeSet<Integer> pcrs = new TreeSet<>();
    file.log().events().forEach(event -> pcrs.add(event.pcr()));
    for (int pcr : pcrs) {
      if (events || pcr == pcrs.first()) {
        output.line("");
      }
      output.line(pcr == BootEvent.NO_PCR ? "no PCR" : "PCR " + pcr + "  " + value(replay, pcr));
      if (events) {
        file.measured().stream().filter(event -> event.pcr() == pcr).forEach(this::event);
      }
    }
  }

  private String value(BootLog.Replay replay, int pcr) {
    Map<Integer, Bytes> values = replay.values();
    String bank = file.bank().keylimeName() + " ";
    if (replay.incomplete().contains(pcr)) {
      return bank + "not known: some events have no digest of this bank";
    }
    Bytes value = values.get(pcr);
    return value == null ? "never extended" : bank + value.hex();
  }

  private void event(MeasuredEvent event) {
    output.line(
        "  %4d %s %-34s %s"
            .formatted(
                event.number(),
                mark(event.binding()),
                event.type() + (event.event().type().code() < 0 ? code(event) : ""),
                Encoding.printable(PayloadWords.of(event.event().payload()), WIDEST))
            .stripTrailing());
  }

  private static String code(MeasuredEvent event) {
    return String.format(" 0x%x", event.event().code());
  }

  private static char mark(Binding binding) {
    return switch (binding) {
      case DATA -> '=';
      case PART -> '~';
      case OBJECT -> '.';
      case BROKEN -> '!';
      case NONE -> '-';
    };
  }

  private void line(String label, String text) {
    output.line("%-13s %s".formatted(label, Encoding.printable(text, 20 * WIDEST)).stripTrailing());
  }
}
