package io.limestone.server.settings;

import io.limestone.wire.Encoding;
import io.limestone.wire.Spelling;
import java.util.Collection;

/** Tells what a misspelt name was probably meant to be. */
final class Nearest {
  private Nearest() {}

  static String unknown(String name, Collection<String> known) {
    String shown = Encoding.printable(name, 80);
    return Spelling.nearest(name, known, Math.max(3, name.length() / 3))
        .map(k -> "no setting is called " + shown + "; did you mean " + k + "?")
        .orElse("no setting is called " + shown + " (limestone config lists them)");
  }
}
