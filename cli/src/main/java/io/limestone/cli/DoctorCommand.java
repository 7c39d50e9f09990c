package io.limestone.cli;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.AgentStatus;
import io.limestone.policy.PcrPolicy;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code limestone doctor}: what is not being checked or not in force, and what would change that.
 */
final class DoctorCommand {
  private DoctorCommand() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "doctor",
            "Tells what is not being checked or not in force, and what would change that.",
            DoctorCommand::run)
        .options(Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Trusted means that every check a node's policies demand has passed. This command lists what they do not
            demand, node by node; what policies under audit or on their way to the nodes would refuse and nobody
            acts on; and which learnings run and how much evidence is kept. Exit code 0: nothing to do; 1: there is.

            Example:
              limestone doctor
            """);
  }

  /** One thing that is not checked. */
  private record Gap(String what, String remedy) {}

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Verifier verifier = Connection.of(arguments, output).verifier();
    Instant now = Instant.now();
    FleetReport fleet = FleetReport.of(verifier);
    Map<String, List<Gap>> gaps = new TreeMap<>();
    Map<String, ?> statuses = verifier.statuses().members();
    statuses.forEach(
        (id, value) -> {
          if (value instanceof JsonObject status) {
            List<Gap> found = gaps(AgentStatus.fromJson(status));
            if (!found.isEmpty()) {
              gaps.put(id, found);
            }
          }
        });
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> nodes = new LinkedHashMap<>();
      gaps.forEach(
          (id, list) ->
              nodes.put(
                  id,
                  list.stream()
                      .map(gap -> Map.of("unchecked", gap.what, "remedy", gap.remedy))
                      .toList()));
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("nodes", nodes);
      json.putAll(fleet.json(now));
      output.json(json);
    } else {
      print(output, gaps);
      if (statuses.isEmpty()) {
        output.line("There are no nodes.");
      } else if (gaps.isEmpty()) {
        output.line("Every node's software, boot and identity are checked.");
      }
      fleet.print(output, now);
    }
    return gaps.isEmpty() && !fleet.complains(now) ? 0 : 1;
  }

  /** Nodes of which the same is not checked are told together: there may be thousands. */
  private static void print(Output output, Map<String, List<Gap>> gaps) {
    Map<List<Gap>, List<String>> nodes = new LinkedHashMap<>();
    gaps.forEach((id, list) -> nodes.computeIfAbsent(list, l -> new ArrayList<>()).add(id));
    nodes.forEach(
        (list, ids) -> {
          output.line(
              Encoding.printable(
                  (ids.size() == 1 ? "" : ids.size() + " nodes: ") + FleetReport.named(ids), 1000));
          for (Gap gap : list) {
            output.line("  not checked  " + gap.what);
            output.line("               " + gap.remedy);
          }
        });
  }

  private static List<Gap> gaps(AgentStatus status) {
    List<Gap> gaps = new ArrayList<>();
    if (!status.hasRuntimePolicy()) {
      gaps.add(new Gap("what it executes", "node update ID --runtime-policy FILE"));
    }
    if (!status.hasMbPolicy() && !namesBootPcrs(status.tpmPolicy())) {
      gaps.add(
          new Gap(
              "how it booted", "node update ID --mb-policy FILE, or --tpm-policy with PCRs 0-7"));
    }
    if (status.accepted().hash().contains("sha1")) {
      gaps.add(
          new Gap(
              "collisions: SHA-1 is accepted", "node update ID, which accepts SHA-256 and better"));
    }
    return gaps;
  }

  private static boolean namesBootPcrs(String tpmPolicy) {
    try {
      return PcrPolicy.parse(tpmPolicy).allowed().keySet().stream().anyMatch(pcr -> pcr < 8);
    } catch (MalformedException e) {
      return false;
    }
  }
}
