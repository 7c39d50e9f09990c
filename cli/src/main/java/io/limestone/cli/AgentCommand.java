package io.limestone.cli;

import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;

/**
 * {@code limestone agent}, for {@code --help} only: {@code bin/limestone} starts the agent with a
 * class path of its own, which has nothing of server and command line in it.
 */
final class AgentCommand {
  private AgentCommand() {}

  static Command.Leaf command() {
    return Command.Leaf.of(
            "agent",
            "Runs the attester on this machine; reads Keylime's agent.conf.",
            (arguments, output) -> {
              throw CommandFailed.because("start it as bin/limestone agent --config FILE");
            })
        .options(
            Option.value(
                "--config",
                "FILE",
                "agent.conf (default: KEYLIME_AGENT_CONFIG, else /etc/keylime/agent.conf)"))
        .text(
            """
            Needs a TPM 2.0 (/dev/tpmrm0, or another by the variable TCTI) and libtss2. Options of the file can be
            overridden one by one: KEYLIME_AGENT_PORT=9003. It takes over where Keylime's own agent was: same
            file, same folder, same keys.

            Examples:
              limestone agent --config /etc/keylime/agent.conf
              TCTI=swtpm:host=127.0.0.1,port=2321 limestone agent --config agent.conf
            """);
  }
}
