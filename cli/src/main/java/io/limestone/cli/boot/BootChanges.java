package io.limestone.cli.boot;

import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.BootFacts.Fact;
import io.limestone.evidence.boot.BootFacts.KeyStore;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.VariableValue;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What changed from one boot to another. */
final class BootChanges {
  private static final int SHOWN_DIGITS = 16;

  private final LogFile before;
  private final LogFile after;
  private final List<BootChange> changes = new ArrayList<>();

  BootChanges(LogFile before, LogFile after) {
    this.before = before;
    this.after = after;
  }

  List<BootChange> all() {
    BootFacts old = before.facts();
    BootFacts now = after.facts();
    facts("firmware", old.firmware(), now.firmware());
    secureBoot(old, now);
    keys(old.keys(), now.keys());
    facts("allowed by", named(old.authorities()), named(now.authorities()));
    facts("sbat level", old.revocations(), now.revocations());
    facts("driver", old.drivers(), now.drivers());
    facts("boot entry", old.bootEntries(), now.bootEntries());
    facts("program", old.programs(), now.programs());
    facts("shim's list", old.lists(), now.lists());
    facts("kernel image", old.sections(), now.sections());
    commandLines(old.commandLines(), now.commandLines());
    facts("file", old.files(), now.files());
    pcrs();
    return changes;
  }

  private void secureBoot(BootFacts old, BootFacts now) {
    if (!old.secureBoot().equals(now.secureBoot())) {
      Function<Boolean, String> word = on -> on ? "on" : "off";
      changes.add(
          BootChange.changed(
              "secure boot",
              old.secureBoot().map(word).orElse("not said"),
              now.secureBoot().map(word).orElse("not said"),
              true));
    }
  }

  private void keys(Map<String, KeyStore> old, Map<String, KeyStore> now) {
    Set<String> names = new LinkedHashSet<>(old.keySet());
    names.addAll(now.keySet());
    for (String name : names) {
      List<KeyStore.Entry> was = old.containsKey(name) ? old.get(name).entries() : List.of();
      List<KeyStore.Entry> is = now.containsKey(name) ? now.get(name).entries() : List.of();
      boolean proven = proven(old.get(name)) && proven(now.get(name));
      if (old.containsKey(name) != now.containsKey(name)) {
        String there = "the event of this variable";
        changes.add(
            old.containsKey(name)
                ? BootChange.removed(name, there, proven)
                : BootChange.added(name, there, proven));
      }
      without(was, is)
          .forEach(key -> changes.add(BootChange.removed(name, KeyNames.of(key), proven)));
      without(is, was)
          .forEach(key -> changes.add(BootChange.added(name, KeyNames.of(key), proven)));
    }
  }

  private static boolean proven(@Nullable KeyStore store) {
    return store == null || store.proven();
  }

  private static <T> List<T> without(List<T> these, List<T> those) {
    Set<T> others = new LinkedHashSet<>(those);
    return these.stream().distinct().filter(one -> !others.contains(one)).toList();
  }

  /** Authorities by whom the certificate is of. */
  private static List<Fact> named(List<Fact> authorities) {
    return authorities.stream()
        .map(
            fact ->
                fact.event().event().payload() instanceof BootPayload.Variable variable
                        && variable.value() instanceof VariableValue.Authority by
                    ? new Fact(fact.event(), fact.text() + " " + KeyNames.of(by), fact.proven())
                    : fact)
        .toList();
  }

  /** Equal ones fall away; of those left, the same words with another digest belong together. */
  private void facts(String what, List<Fact> old, List<Fact> now) {
    List<Fact> gone = new ArrayList<>(old);
    List<Fact> come = new ArrayList<>(now);
    pairs(gone, come, fact -> fact.text() + " " + fact.digest(), (was, is) -> {});
    pairs(
        gone,
        come,
        Fact::text,
        (was, is) ->
            changes.add(
                BootChange.changed(
                    what + " " + is.text().strip(),
                    digest(was),
                    digest(is),
                    was.proven() && is.proven())));
    if (gone.size() == come.size()) {
      for (int i = 0; i < gone.size(); i++) {
        Fact was = gone.get(i);
        Fact is = come.get(i);
        changes.add(BootChange.changed(what, words(was), words(is), was.proven() && is.proven()));
      }
    } else {
      gone.forEach(was -> changes.add(BootChange.removed(what, words(was), was.proven())));
      come.forEach(is -> changes.add(BootChange.added(what, words(is), is.proven())));
    }
  }

  /** What to do with two facts that belong together. */
  private interface Pair {
    void take(Fact was, Fact is);
  }

  private static void pairs(
      List<Fact> gone, List<Fact> come, Function<Fact, String> by, Pair pair) {
    for (Iterator<Fact> olds = gone.iterator(); olds.hasNext(); ) {
      Fact was = olds.next();
      for (Iterator<Fact> news = come.iterator(); news.hasNext(); ) {
        Fact is = news.next();
        if (by.apply(was).equals(by.apply(is))) {
          pair.take(was, is);
          olds.remove();
          news.remove();
          break;
        }
      }
    }
  }

  private static String words(Fact fact) {
    String text = fact.text().strip();
    return (text.isEmpty() ? "(empty)" : text) + (fact.proven() ? "" : " " + digest(fact));
  }

  private static String digest(Fact fact) {
    String hex = fact.digest().hex();
    return hex.length() <= SHOWN_DIGITS ? hex : hex.substring(0, SHOWN_DIGITS) + "…";
  }

  private void commandLines(List<Fact> old, List<Fact> now) {
    if (old.size() != now.size()) {
      facts("command line", old, now);
      return;
    }
    for (int i = 0; i < old.size(); i++) {
      Fact was = old.get(i);
      Fact is = now.get(i);
      boolean proven = was.proven() && is.proven();
      List<String> wasWords = List.of(was.text().strip().split("\\s+", -1));
      List<String> isWords = List.of(is.text().strip().split("\\s+", -1));
      without(wasWords, isWords)
          .forEach(word -> changes.add(BootChange.removed("command line", word, proven)));
      without(isWords, wasWords)
          .forEach(word -> changes.add(BootChange.added("command line", word, proven)));
      if (!was.text().equals(is.text()) && Set.copyOf(wasWords).equals(Set.copyOf(isWords))) {
        changes.add(
            BootChange.changed("command line, the order of words", was.text(), is.text(), proven));
      }
    }
  }

  /** The values, and for what no words above stand, how many events of which type differ. */
  private void pcrs() {
    BootLog.Replay old = before.log().replay(before.bank());
    BootLog.Replay now = after.log().replay(after.bank());
    Set<Integer> pcrs = new TreeSet<>(old.values().keySet());
    pcrs.addAll(now.values().keySet());
    for (int pcr : pcrs) {
      Bytes was = old.values().get(pcr);
      Bytes is = now.values().get(pcr);
      if (!Objects.equals(was, is)) {
        changes.add(
            BootChange.changed(
                "PCR " + pcr + " " + types(pcr),
                was == null ? "never extended" : was.hex(),
                is == null ? "never extended" : is.hex(),
                true));
      }
    }
  }

  private String types(int pcr) {
    List<String> gone = new ArrayList<>(kinds(before, pcr));
    List<String> come = new ArrayList<>(kinds(after, pcr));
    for (Iterator<String> all = gone.iterator(); all.hasNext(); ) {
      if (come.remove(all.next())) {
        all.remove();
      }
    }
    gone.addAll(come);
    Map<String, Long> count =
        gone.stream()
            .map(kind -> kind.substring(0, kind.indexOf(' ')))
            .collect(
                Collectors.groupingBy(
                    Function.identity(), LinkedHashMap::new, Collectors.counting()));
    return count.isEmpty()
        ? "(same events in another order)"
        : count.entrySet().stream()
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.joining(", ", "(other events: ", ")"));
  }

  private static List<String> kinds(LogFile file, int pcr) {
    return file.measured().stream()
        .filter(event -> event.pcr() == pcr && event.event().isExtended())
        .map((MeasuredEvent event) -> event.type() + " " + event.digest())
        .toList();
  }
}
