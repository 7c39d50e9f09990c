package io.limestone.cli;

import io.limestone.cli.appraise.AppraiseCommand;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandLine;
import io.limestone.cli.args.Completion;
import io.limestone.cli.args.Output;
import io.limestone.cli.boot.BootCommands;
import io.limestone.cli.demo.DemoCommand;
import io.limestone.cli.node.NodeCommands;
import io.limestone.cli.policy.AuditCommand;
import io.limestone.cli.policy.PolicyCommands;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;

/** The {@code limestone} command. */
public final class Limestone {
  private Limestone() {}

  public static void main(String[] args) throws InterruptedException {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(new Output(out, err), List.of(args)));
  }

  /** Runs one command; returns its exit code. */
  public static int run(Output output, List<String> words) throws InterruptedException {
    List<String> plain =
        words.isEmpty()
            ? List.of("--help")
            : words.getFirst().equals("--version") ? List.of("version") : words;
    return CommandLine.run(commands(), output, plain);
  }

  static Command.Group commands() {
    return new Command.Group(
        "limestone",
        """
        Remote attestation: which of your machines run what you expect, proven by their TPMs.

        First steps:
          limestone demo                    the whole story on this machine, with a software TPM
          limestone server                  registrar and verifier, with nothing to configure
          limestone agent --config FILE     on each machine; reads Keylime's agent.conf
          limestone node add ID --file key  verify a machine, hand it a secret, keep watching it
          limestone node list               trusted, untrusted, unknown

        Exit codes: 0 done or trusted, 1 failed or untrusted, 2 unusable arguments or input.""",
        List.of(
            ServerCommand.command(),
            AgentCommand.command(),
            NodeCommands.group(),
            PolicyCommands.group(),
            AuditCommand.command(),
            AppraiseCommand.command(),
            BootCommands.group(),
            DemoCommand.command(),
            PkiCommands.group(),
            ConfigCommand.command(),
            DoctorCommand.command(),
            Command.Leaf.of(
                    "completion",
                    "Prints a completion script for bash (and for zsh with bashcompinit).",
                    (arguments, output) -> {
                      output.out().print(Completion.bash(commands()));
                      return 0;
                    })
                .text("Example:\n  source <(limestone completion)\n"),
            Command.Leaf.of(
                    "version",
                    "Prints the version of limestone and of the Java it runs on.",
                    (arguments, output) -> {
                      output.line(version());
                      return 0;
                    })
                .text("Example:\n  limestone version\n")));
  }

  static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Limestone.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    }
    return "limestone " + properties.getProperty("version") + " (Java " + Runtime.version() + ")";
  }
}
