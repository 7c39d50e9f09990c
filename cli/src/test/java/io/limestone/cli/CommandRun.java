package io.limestone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.args.Output;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/** One run of the command, as a script sees it. */
public record CommandRun(int code, String out, String err) {
  public static CommandRun of(String... words) {
    return of(List.of(words));
  }

  public static CommandRun of(List<String> words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    try {
      int code = Limestone.run(new Output(new PrintWriter(out), new PrintWriter(err)), words);
      return new CommandRun(code, out.toString(), err.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  public CommandRun exits(int expected) {
    assertThat(code).as("exit code of%n%s%s", out, err).isEqualTo(expected);
    return this;
  }

  public CommandRun says(String... texts) {
    assertThat(out + err).contains(texts);
    return this;
  }

  public CommandRun lacks(String... texts) {
    assertThat(out + err).doesNotContain(texts);
    return this;
  }

  public JsonObject json() {
    return Json.object(out);
  }
}
