package io.limestone.cli.boot;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.cli.rest.Verifier;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.BootUpdate;
import io.limestone.policy.boot.BootUpdate.Change;
import io.limestone.policy.boot.Objection;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code limestone policy announce}: an update of what machines boot, told to their policy. */
public final class AnnounceUpdate {
  private static final String KIND = "mbpolicies";
  private static final int MAX_POLICY = 16 << 20;
  private static final int MOST_ROWS = 40;

  private static final Option OLD =
      Option.values(
          "--old",
          "LOG",
          "Event log of a boot before the update, one of each model: what only it needs leaves"
              + " when the time ends");
  private static final Option NEW =
      Option.values("--new", "LOG", "Event log of a boot after the update, one of each model");
  private static final Option ACCEPT =
      Option.values(
          "--accept",
          "LIST=WHAT",
          "An entry by digest instead of a log: programs=SHA256[:NAME], files=FILE,"
              + " keys.db=CERTIFICATE …");
  private static final Option REPLACE =
      Option.values(
          "--replace", "LIST=WHAT", "An entry that leaves when the time ends, by digest or name");
  private static final Option REVOKE =
      Option.values(
          "--revoke",
          "WHAT",
          "What dbx must have when the time ends: SHA256, certificate, or all of an update such as"
              + " DBXUpdate.bin");
  private static final Option SBAT =
      Option.values(
          "--sbat",
          "COMPONENT=LEVEL",
          "The least generation that SbatLevel must demand when the time ends");
  private static final Option FROM =
      Option.value("--from", "TIME", "When the new is accepted (default: now)");
  private static final Option UNTIL =
      Option.value("--until", "TIME", "When the old is not accepted any more");
  private static final Option OUT =
      Option.value("--output", "FILE", "Where to write the policy (default: standard output)");
  private static final Option UPLOAD =
      Option.flag("--upload", "Put it in force, in place of the policy of this name");
  private static final Option WHY =
      Option.value("--why", "TEXT", "The reason, kept with the version and in the audit log");

  private AnnounceUpdate() {}

  public static Command.Leaf command() {
    return Command.Leaf.of(
            "announce",
            "Tells a boot policy of a kernel, shim, dbx or firmware update: old or new, for a time.",
            AnnounceUpdate::run)
        .operands(Operand.one("POLICY", "a file, or the name of a boot policy at the verifier"))
        .options(OLD, NEW, ACCEPT, REPLACE, REVOKE, SBAT, FROM, UNTIL, OUT, UPLOAD, WHY)
        .options(LogFile.BANK, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Update one machine of each model first and take the event logs of its boots before and after; then
            announce, then update the others. What the new boots need is accepted from --from on; what only the
            old ones need, until --until; what only the new ones revoke (dbx, SbatLevel) is demanded from then
            on. Times are like 2026-12-31T18:00:00Z, or from now on 90m, 36h, 14d.

            A machine that still boots the old way stays trusted until the time ends, and is listed by
            `limestone node list --outdated`.

            Exit code 0: announced. 1: the boots do not fit the policy. 2: a log or the policy cannot be read.

            Examples:
              limestone policy announce servers --old before.bin --new after.bin --until 14d \\
                --upload --why "kernel 6.12.9"
              limestone policy announce boot.json --accept programs=3f9c…:shim-15.9 --until 14d --output next.json
              limestone policy announce servers --revoke DBXUpdate.bin --sbat grub=5 --until 30d --output next.json
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Instant now = Instant.now();
    Instant from = arguments.get(FROM).map(text -> Times.parse(text, now)).orElse(now);
    Instant until = Times.parse(arguments.required(UNTIL), now);
    boolean upload = arguments.has(UPLOAD);
    String name = arguments.operand(0);
    boolean file = name.equals("-") || Files.exists(Path.of(name));
    if (upload && (file || arguments.get(WHY).filter(why -> !why.isBlank()).isEmpty())) {
      throw CommandFailed.unusable(
          "--upload needs the name of a policy at the verifier"
              + (file ? ", and " + name + " is a file" : "")
              + ", and --why TEXT for its audit log");
    }
    Optional<Verifier> verifier =
        file ? Optional.empty() : Optional.of(Connection.of(arguments, output).verifier());
    JsonObject policy = policy(name, verifier);
    BootUpdate update;
    try {
      update = new BootUpdate(policy, Times.whole(from), Times.whole(until));
    } catch (MalformedException e) {
      throw e.in(name);
    }
    announce(arguments, update);
    if (update.changes().isEmpty()) {
      throw CommandFailed.because("nothing to announce: " + name + " says all of it already");
    }
    if (arguments.has(OUT)) {
      Files.write(Path.of(arguments.required(OUT)), Json.bytes(update.document()));
    }
    if (upload) {
      verifier
          .orElseThrow()
          .updatePolicy(
              KIND,
              name,
              Map.of("mb_policy", Json.text(update.document()), "why", arguments.required(WHY)))
          .expectSuccess("storing the policy");
    }
    if (arguments.has(Connection.JSON)) {
      output.json(json(update, from, until, upload));
    } else {
      print(arguments, update, name, output);
    }
    return 0;
  }

  private static JsonObject policy(String name, Optional<Verifier> verifier)
      throws IOException, InterruptedException {
    if (verifier.isEmpty()) {
      try {
        return Json.object(Input.read(name, MAX_POLICY, "boot policy").toArray());
      } catch (MalformedException e) {
        throw e.in(name);
      }
    }
    if (!name.matches("[A-Za-z0-9._-]{1,255}")) {
      throw CommandFailed.unusable(name + " is no file, nor a policy's name");
    }
    return verifier
        .get()
        .policy(KIND, name)
        .flatMap(found -> found.optionalString("mb_policy"))
        .map(Json::object)
        .orElseThrow(
            () ->
                CommandFailed.because(
                    "there is no file "
                        + name
                        + ", and no boot policy of this name at the verifier"));
  }

  private static void announce(Arguments arguments, BootUpdate update) throws IOException {
    List<List<MeasuredEvent>> old = logs(arguments, OLD);
    List<List<MeasuredEvent>> fresh = logs(arguments, NEW);
    if (fresh.isEmpty() && !old.isEmpty()) {
      throw CommandFailed.unusable("--old without --new: what is the update?");
    }
    if (!fresh.isEmpty()) {
      update.boots(old, fresh).ifPresent(AnnounceUpdate::refuse);
    }
    for (String text : arguments.all(ACCEPT)) {
      ListEntry entry = ListEntry.parse(ACCEPT.name(), text);
      update.accept(entry.list(), entry.accepted());
    }
    for (String text : arguments.all(REPLACE)) {
      ListEntry entry = ListEntry.parse(REPLACE.name(), text);
      update.replace(entry.list(), entry.what());
    }
    for (String text : arguments.all(REVOKE)) {
      ListEntry.revoke(update, text);
    }
    for (String text : arguments.all(SBAT)) {
      if (!text.matches("[^=,\\s]{1,200}=[0-9]{1,9}")) {
        throw CommandFailed.unusable("--sbat takes COMPONENT=LEVEL, such as grub=5, not " + text);
      }
      int equals = text.indexOf('=');
      update.demand(text.substring(0, equals), Long.parseLong(text.substring(equals + 1)));
    }
  }

  private static List<List<MeasuredEvent>> logs(Arguments arguments, Option option)
      throws IOException {
    List<List<MeasuredEvent>> logs = new ArrayList<>();
    for (String name : arguments.all(option)) {
      logs.add(LogFile.read(name, arguments).measured());
    }
    return logs;
  }

  private static void refuse(BootUpdate.Refusal refusal) {
    StringBuilder text = new StringBuilder("not announced: ").append(refusal.about());
    for (Objection one : refusal.objections().stream().limit(20).toList()) {
      text.append("\n  ").append(one.check()).append(": found ").append(one.found());
    }
    throw CommandFailed.because(text.toString());
  }

  private static Map<String, Object> json(
      BootUpdate update, Instant from, Instant until, boolean uploaded) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("from", Times.whole(from).toString());
    json.put("until", Times.whole(until).toString());
    json.put(
        "changes",
        update.changes().stream()
            .map(
                change -> {
                  Map<String, Object> one = new LinkedHashMap<>();
                  one.put("change", word(change));
                  one.put("list", change.member());
                  one.put("entry", change.entry());
                  return one;
                })
            .toList());
    json.put("uploaded", uploaded);
    json.put("policy", update.document());
    return json;
  }

  /** The policy has standard output for itself, unless it went elsewhere. */
  private static void print(Arguments arguments, BootUpdate update, String name, Output output) {
    Table table = Table.of("CHANGE", "LIST", "ENTRY", "TIME");
    Map<String, Integer> rows = new LinkedHashMap<>();
    for (Change change : update.changes()) {
      if (rows.merge(word(change) + " " + change.member(), 1, Integer::sum) <= MOST_ROWS) {
        table.row(word(change), change.member(), change.what(), time(change));
      }
    }
    rows.values().removeIf(count -> count <= MOST_ROWS);
    if (!arguments.has(OUT) && !arguments.has(UPLOAD)) {
      output.note(table.toString().stripTrailing());
      rows.forEach((what, count) -> output.note(more(what, count)));
      output.line(new String(Json.bytes(update.document()), StandardCharsets.UTF_8));
      return;
    }
    output.out().print(table);
    rows.forEach((what, count) -> output.line(more(what, count)));
    if (arguments.has(UPLOAD)) {
      output.line("");
      output.line(
          "the boot policy "
              + name
              + " is in force; who has not got the update: limestone node list --outdated");
    }
  }

  private static String more(String what, int count) {
    return "… and " + (count - MOST_ROWS) + " more " + what + " (--json)";
  }

  private static String word(Change change) {
    return change.kind().name().toLowerCase(Locale.ROOT);
  }

  private static String time(Change change) {
    Object from = change.entry().get("from");
    Object until = change.entry().get("until");
    return ((from == null ? "" : "from " + from) + (until == null ? "" : " until " + until))
        .strip();
  }
}
