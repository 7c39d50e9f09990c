package io.limestone.cli.rest;

import io.limestone.cli.args.CommandFailed;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;

/**
 * What a server answered.
 *
 * @param from who answered, for messages: {@code verifier 127.0.0.1:8881}
 * @param body as received; an envelope, another JSON value, or nothing
 */
public record Answer(String from, int status, String body) {
  public boolean ok() {
    return status >= 200 && status < 300;
  }

  /** The {@code results} of the envelope; empty where it has none, as in a 204. */
  public JsonObject results() {
    if (body.isBlank()) {
      return new JsonObject(Map.of());
    }
    try {
      return Json.object(body).optionalObject("results").orElse(new JsonObject(Map.of()));
    } catch (MalformedException e) {
      throw CommandFailed.because(
          from + " gave an answer that is not understood: " + e.getMessage());
    }
  }

  /** The results of a success; anything else ends the command, telling what the server said. */
  public JsonObject expectSuccess(String doing) {
    if (!ok()) {
      throw refused(doing);
    }
    return results();
  }

  public CommandFailed refused(String doing) {
    String hint =
        switch (status) {
          case 401, 403 -> "; is --pki the folder of this server's CA?";
          case 503 -> "; it is busy or a part is down: try again";
          default -> "";
        };
    return CommandFailed.because(doing + ": " + from + " answered " + status + " " + said() + hint);
  }

  /** The server's own words, made printable: the envelope's status or an error's detail. */
  public String said() {
    if (body.isBlank()) {
      return "(no text)";
    }
    try {
      JsonObject object = Json.object(body);
      if (object.optionalString("status").isPresent()) {
        return Encoding.printable(object.string("status"), 500);
      }
      List<?> errors = object.list("errors");
      if (!errors.isEmpty() && errors.getFirst() instanceof JsonObject error) {
        return Encoding.printable(error.string("detail"), 500);
      }
    } catch (MalformedException e) {
      return Encoding.printable(body, 200);
    }
    return Encoding.printable(body, 200);
  }
}
