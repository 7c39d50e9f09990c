package io.limestone.cli.policy;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Output;
import io.limestone.policy.boot.BootRules;

/** {@code limestone policy schema}. */
final class PrintSchema {
  private PrintSchema() {}

  static Leaf command() {
    return Leaf.of("schema", "Prints the JSON Schema of a kind of policy.", PrintSchema::run)
        .operands(
            Operand.one("KIND", "boot: boot policies of our own, \"limestone_boot_policy\": 1"))
        .text(
            """
            Draft 2020-12, for editors that complete and check while one writes. What it accepts, the verifier
            reads, but for what a schema cannot say: whether an expression compiles and a window ends after it
            begins. limestone boot check LOG POLICY names the line of either.

            Example:
              limestone policy schema boot > boot-policy.schema.json
            """);
  }

  private static int run(Arguments arguments, Output output) {
    String kind = arguments.operand(0);
    if (!kind.equals("boot")) {
      throw CommandFailed.unusable("there is a schema of boot policies only: policy schema boot");
    }
    output.line(BootRules.schema().stripTrailing());
    return 0;
  }
}
