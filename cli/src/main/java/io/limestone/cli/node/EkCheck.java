package io.limestone.cli.node;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.keylime.RegisteredAgent;
import java.util.List;

/**
 * Whether the node's EK is that of a real TPM: its certificate chain ends at a maker's root that is
 * trusted here.
 */
public sealed interface EkCheck {
  Option ROOTS =
      Option.value(
          "--ek-roots",
          "DIR",
          "TPM makers' CA certificates (PEM or DER) to trust besides the built-in ones (default:"
              + " ek-roots in the home folder)");
  Option NONE =
      Option.flag(
          "--no-ek-check",
          "Do not verify the EK certificate: the TPM may then be any software that says it is one");
  List<Option> OPTIONS = List.of(ROOTS, NONE);

  static EkCheck of(Arguments arguments, Output output) {
    if (arguments.has(NONE)) {
      output.note("warning: --no-ek-check: nothing vouches that this is a TPM");
      return new Skipped();
    }
    throw CommandFailed.because("not yet");
  }

  /** Ends the command if the EK certificate is not good. */
  void check(RegisteredAgent node, Progress progress);

  /** The user chose not to check. */
  record Skipped() implements EkCheck {
    @Override
    public void check(RegisteredAgent node, Progress progress) {
      progress.step("ek_skipped", "EK certificate NOT verified (--no-ek-check)");
    }
  }
}
