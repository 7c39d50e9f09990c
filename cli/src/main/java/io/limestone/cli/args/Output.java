package io.limestone.cli.args;

import io.limestone.wire.Json;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/**
 * Where a command prints: results to {@code out}, progress and warnings to {@code err}, so that a
 * script that reads the result is never disturbed.
 */
public record Output(PrintWriter out, PrintWriter err) {
  public void line(String text) {
    out.println(text);
  }

  /** A value as one line of JSON. */
  public void json(@Nullable Object value) {
    out.println(Json.text(value));
  }

  /** What goes on, or what to be careful about. */
  public void note(String text) {
    err.println(text);
    err.flush();
  }
}
