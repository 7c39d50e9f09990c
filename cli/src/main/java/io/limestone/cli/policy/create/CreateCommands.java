package io.limestone.cli.policy.create;

import io.limestone.cli.args.Command;
import io.limestone.cli.boot.CreateMeasuredBoot;
import java.util.List;

/** The words of {@code limestone policy create}. */
public final class CreateCommands {
  private CreateCommands() {}

  public static Command.Group group() {
    return new Command.Group(
        "create",
        "Makes policies from what is known of machines.",
        List.of(CreateRuntime.command(), CreateMeasuredBoot.command()));
  }
}
