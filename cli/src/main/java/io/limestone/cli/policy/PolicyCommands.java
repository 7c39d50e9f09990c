package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.cli.boot.AnnounceUpdate;
import io.limestone.cli.policy.create.CreateCommands;
import io.limestone.cli.rest.Answer;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.RuntimePolicyUpload;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The words of {@code limestone policy}. */
public final class PolicyCommands {
  static final Option KIND =
      Option.value(
          "--kind",
          "KIND",
          "runtime: what nodes may execute (default); boot: how they may have booted");
  static final Option KEY =
      Option.value("--key", "FILE", "PEM of the public key of a signed runtime policy (DSSE)");
  private static final Operand NAME = Operand.one("NAME", "the name that nodes refer to it by");
  private static final Operand FILE = Operand.one("FILE", "the policy, JSON or DSSE");

  private PolicyCommands() {}

  public static Command.Group group() {
    return new Command.Group(
        "policy",
        "Policies that nodes are judged by: made, compared, signed, stored, rolled out.",
        Stream.<List<? extends Command>>of(
                List.of(CreateCommands.group()),
                List.of(
                    LintPolicy.command(),
                    PrintSchema.command(),
                    DiffPolicies.command(),
                    CheckList.command(),
                    ExplainFailures.command(),
                    ApplyPatch.command(),
                    CombinePolicies.merge(),
                    CombinePolicies.convert(),
                    SignPolicy.sign(),
                    SignPolicy.verify()),
                stored(),
                List.of(AnnounceUpdate.command(), TryPolicy.leaf(), LearnPolicy.group()),
                Rollout.leaves())
            .<Command>flatMap(List::stream)
            .toList());
  }

  private static List<Leaf> stored() {
    return List.of(
        leaf("list", "Lists the policies of both kinds.", PolicyCommands::list)
            .options(Connection.JSON)
            .options(Connection.OPTIONS)
            .text("Example:\n  limestone policy list --json | jq -r '.boot[]'\n"),
        ShowPolicy.command(),
        leaf("add", "Stores a new policy.", PolicyCommands::add)
            .operands(NAME, FILE)
            .options(KIND, KEY, Rollout.WHY)
            .options(Connection.OPTIONS)
            .text(
                """
                Examples:
                  limestone policy add web runtime-policy.json
                  limestone policy add web signed.dsse --key signer.pem
                  limestone policy add servers boot.json --kind boot
                  limestone node add web-1 --runtime-policy-name web --mb-policy-name servers
                """),
        leaf(
                "update",
                "Replaces a policy; its nodes are judged by the new one from then on.",
                PolicyCommands::update)
            .operands(NAME, FILE)
            .options(Rollout.WHY, KIND, KEY)
            .options(Connection.OPTIONS)
            .text(
                """
                At once, for all its nodes. To see first what it would refuse:
                limestone policy audit.

                Example:
                  limestone policy update web next.json --why "httpd 2.4.66"
                """),
        leaf("remove", "Removes a policy that no node uses.", PolicyCommands::remove)
            .operands(NAME)
            .options(KIND)
            .options(Connection.OPTIONS)
            .text("Example:\n  limestone policy remove servers --kind boot\n"));
  }

  private static Leaf leaf(String name, String summary, Command.Action action) {
    return Leaf.of(name, summary, action);
  }

  private static int list(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Verifier verifier = Connection.of(arguments, output).verifier();
    List<String> runtime = sorted(verifier.policies("allowlists"), "runtimepolicy names");
    List<String> boot = sorted(verifier.policies("mbpolicies"), "mbpolicy names");
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("runtime", runtime);
      json.put("boot", boot);
      output.json(json);
    } else {
      Table table = Table.of("KIND", "NAME");
      runtime.forEach(name -> table.row("runtime", name));
      boot.forEach(name -> table.row("boot", name));
      output.out().print(table);
    }
    return 0;
  }

  private static List<String> sorted(JsonObject results, String key) {
    return results.strings(key).stream().sorted().toList();
  }

  private static int add(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    return store(arguments, output, false);
  }

  private static int update(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    return store(arguments, output, true);
  }

  private static int store(Arguments arguments, Output output, boolean replace)
      throws IOException, InterruptedException {
    Kind kind = Kind.of(arguments);
    String name = name(arguments);
    Map<String, Object> body = new LinkedHashMap<>(kind.body(arguments));
    body.put("why", replace ? Rollout.why(arguments) : arguments.get(Rollout.WHY).orElse("new"));
    Verifier verifier = Connection.of(arguments, output).verifier();
    Answer answer =
        replace
            ? verifier.updatePolicy(kind.path, name, body)
            : verifier.addPolicy(kind.path, name, body);
    if (answer.status() == 409 && !replace) {
      throw CommandFailed.because(
          "there is a "
              + kind.word
              + " policy "
              + name
              + " already; `limestone policy update` replaces it");
    }
    if (replace && (answer.status() == 404 || answer.status() == 409)) {
      throw CommandFailed.because(
          "there is no "
              + kind.word
              + " policy "
              + name
              + "; `limestone policy add` stores a new one");
    }
    answer.expectSuccess("storing the policy");
    output.line("the " + kind.word + " policy " + name + " is stored");
    return 0;
  }

  private static int remove(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Kind kind = Kind.of(arguments);
    String name = name(arguments);
    Answer answer = Connection.of(arguments, output).verifier().removePolicy(kind.path, name);
    if (answer.status() == 404) {
      throw CommandFailed.because("there is no " + kind.word + " policy " + name);
    }
    answer.expectSuccess("removing the policy");
    output.line("the " + kind.word + " policy " + name + " is removed");
    return 0;
  }

  /** A name is one segment of a path. */
  static String name(Arguments arguments) {
    return name(arguments.operand(0));
  }

  static String name(String name) {
    if (!name.matches("[A-Za-z0-9._-]{1,255}") || name.startsWith(".")) {
      throw CommandFailed.unusable(
          "a policy's name has 1 to 255 of A-Z a-z 0-9 . _ -, and no dot in front");
    }
    return name;
  }

  enum Kind {
    RUNTIME("runtime", "allowlists", "runtime_policy"),
    BOOT("boot", "mbpolicies", "mb_policy");

    private final String word;
    private final String path;
    private final String member;

    Kind(String word, String path, String member) {
      this.word = word;
      this.path = path;
      this.member = member;
    }

    String word() {
      return word;
    }

    /** In Keylime's routes. */
    String path() {
      return path;
    }

    /** Of the answer that brings the text, and of the request. */
    String member() {
      return member;
    }

    static Kind of(Arguments arguments) {
      return switch (arguments.get(KIND).orElse("runtime")) {
        case "runtime" -> RUNTIME;
        case "boot" -> BOOT;
        default -> throw CommandFailed.unusable("--kind takes runtime or boot");
      };
    }

    Map<String, ?> body(Arguments arguments) throws IOException {
      return upload(Path.of(arguments.operand(1)), arguments.path(KEY));
    }

    /** The members of a request that bring a policy. */
    Map<String, ?> upload(Path file, Optional<Path> key) throws IOException {
      try {
        return upload(
            PolicySource.text(file.toString()),
            key.isPresent()
                ? Optional.of(PolicySource.key(key.get().toString()))
                : Optional.empty());
      } catch (MalformedException e) {
        throw e.in(file.toString());
      }
    }

    Map<String, ?> upload(Bytes text, Optional<Bytes> key) {
      JsonObject json = Json.object(text.toArray());
      return switch (this) {
        case RUNTIME -> new RuntimePolicyUpload(Optional.empty(), text, key).toJson().members();
        case BOOT -> Map.of("mb_policy", Json.text(json));
      };
    }
  }
}
