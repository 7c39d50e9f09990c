package io.limestone.cli.args;

/**
 * A command that cannot do what it was asked. The message is for a person: what is wrong, and what
 * to do about it. Text from outside in it has gone through {@link
 * io.limestone.wire.Encoding#printable}.
 */
public class CommandFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private CommandFailed(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** What was asked could not be done: exit code 1. */
  public static CommandFailed because(String message) {
    return new CommandFailed(1, message);
  }

  /** The arguments or an input file cannot be used: exit code 2. */
  public static CommandFailed unusable(String message) {
    return new CommandFailed(2, message);
  }

  public int exitCode() {
    return exitCode;
  }
}
