package io.limestone.appraisal;

import io.limestone.evidence.Span;
import io.limestone.policy.ViolationPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells the two kinds of violation apart, which the kernel lists alike. Who opens a file that
 * others write to gets an <i>open writers</i> violation and then, before anything else is done for
 * him, the measurement of that file; entries of other processors may come between. Who writes to a
 * file that others read gets a <i>ToMToU</i> violation and nothing else. So: a measurement of the
 * same file among the {@value #AHEAD} entries that follow makes it open writers, its absence
 * ToMToU; where the list ends too early to say, it is both, and ignored only where both are.
 *
 * <p>A ToMToU violation whose file is measured again soon thereafter looks like open writers.
 * Nothing is lost by that: what was read last is then measured and judged too, and whoever can
 * write to a file can have a real open-writers violation for it at any time.
 */
final class ImaViolations {
  static final int AHEAD = 16;
  private static final int MAX_SHOWN = 200;

  private enum Kind {
    TOMTOU("ToMToU", "no file is written to after it was measured, while it is still in use"),
    OPEN_WRITERS("open writers", "no file is measured while it is open for writing"),
    EITHER("ToMToU or open writers", "no file is written to while it is measured and used");

    final String word;
    final String check;

    Kind(String word, String check) {
      this.word = word;
      this.check = check;
    }
  }

  private record Waiting(long number, Bytes name, Map<String, Object> context) {}

  private final ViolationPolicy rules;
  private final Findings findings;
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  ImaViolations(ViolationPolicy rules, Findings findings) {
    this.rules = rules;
    this.findings = findings;
  }

  /**
   * A violation entry.
   *
   * @param context what to say of it, should it be a failure
   */
  void violation(long number, Span name, Map<String, Object> context) {
    overtaken(number);
    waiting.addLast(new Waiting(number, name.toBytes(), context));
  }

  /** An entry of a file, which explains the latest violation of that name. */
  void measured(long number, Span name) {
    if (waiting.isEmpty()) {
      return;
    }
    overtaken(number);
    for (Iterator<Waiting> latest = waiting.descendingIterator(); latest.hasNext(); ) {
      Waiting one = latest.next();
      if (one.name().equals(name.toBytes())) {
        latest.remove();
        report(one, Kind.OPEN_WRITERS);
        return;
      }
    }
  }

  /** The list ends here. */
  void end() {
    waiting.forEach(one -> report(one, Kind.EITHER));
    waiting.clear();
  }

  private void overtaken(long number) {
    while (!waiting.isEmpty() && number - waiting.getFirst().number() > AHEAD) {
      report(waiting.removeFirst(), Kind.TOMTOU);
    }
  }

  private boolean ignored(Kind kind) {
    return switch (kind) {
      case TOMTOU -> rules.ignoreTomtou();
      case OPEN_WRITERS -> rules.ignoreOpenWriters();
      case EITHER -> rules.ignoreTomtou() && rules.ignoreOpenWriters();
    };
  }

  private void report(Waiting one, Kind kind) {
    String name =
        Encoding.printable(new String(one.name().toArray(), StandardCharsets.UTF_8), MAX_SHOWN);
    if (ignored(kind)) {
      findings.note("entry " + one.number() + ": violation (" + kind.word + "), ignored: " + name);
      return;
    }
    Map<String, Object> context = new LinkedHashMap<>(one.context());
    context.put("message", "File was changed while it was measured: " + name);
    context.put("kind", kind.word);
    findings.fail(
        "ima.validation.tomtou",
        kind.check,
        "violation entry " + one.number() + " (" + kind.word + "): " + name,
        "none",
        "find out what writes to this file while it is in use; where that is normal, leave the file"
            + " out of the IMA policy, or set verifier.ignore_tomtou_errors or"
            + " verifier.ignore_open_writers",
        context);
  }
}
