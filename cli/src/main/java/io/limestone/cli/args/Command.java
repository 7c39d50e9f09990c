package io.limestone.cli.args;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A word of the command line: a group of commands, or a command that does something. */
public sealed interface Command {
  String name();

  /** One line for the list of commands. */
  String summary();

  record Group(String name, String summary, List<Command> commands) implements Command {
    public Group {
      commands = List.copyOf(commands);
    }
  }

  /**
   * A command that does something.
   *
   * @param text further lines of {@code --help}: what it does, in which order, and examples
   */
  record Leaf(
      String name,
      String summary,
      List<Operand> operands,
      List<Option> options,
      String text,
      Action action)
      implements Command {
    public Leaf {
      operands = List.copyOf(operands);
      options = List.copyOf(options);
    }

    public static Leaf of(String name, String summary, Action action) {
      return new Leaf(name, summary, List.of(), List.of(), "", action);
    }

    public Leaf operands(Operand... more) {
      return new Leaf(name, summary, List.of(more), options, text, action);
    }

    public Leaf options(Option... more) {
      return options(List.of(more));
    }

    public Leaf options(List<Option> more) {
      List<Option> all = new ArrayList<>(options);
      all.addAll(more);
      return new Leaf(name, summary, operands, all, text, action);
    }

    public Leaf text(String more) {
      return new Leaf(name, summary, operands, options, more, action);
    }
  }

  /** Does the work; the result is the exit code. */
  @FunctionalInterface
  interface Action {
    int run(Arguments arguments, Output output) throws IOException, InterruptedException;
  }
}
