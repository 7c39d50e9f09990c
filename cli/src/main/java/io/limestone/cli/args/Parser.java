package io.limestone.cli.args;

import io.limestone.wire.Spelling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the command that a command line names, and reads its arguments. Options are {@code --name
 * VALUE} or {@code --name=VALUE} (some have a short name too), in any place behind the command;
 * {@code --} ends them.
 */
final class Parser {
  private Parser() {}

  /** What a command line asks for. */
  sealed interface Parsed {
    record Run(String path, Command.Leaf command, Arguments arguments) implements Parsed {}

    record ShowHelp(String path, Command command) implements Parsed {}
  }

  static Parsed parse(Command root, List<String> words) {
    Command at = root;
    StringBuilder path = new StringBuilder(root.name());
    int next = 0;
    while (at instanceof Command.Group group) {
      if (next == words.size() || isHelp(words.get(next))) {
        return new Parsed.ShowHelp(path.toString(), group);
      }
      String word = words.get(next++);
      at =
          find(group, word)
              .orElseThrow(() -> CommandFailed.unusable(unknown("command", word, path, group)));
      path.append(' ').append(word);
    }
    Command.Leaf leaf = (Command.Leaf) at;
    List<String> rest = words.subList(next, words.size());
    return rest.stream().takeWhile(word -> !word.equals("--")).anyMatch(Parser::isHelp)
        ? new Parsed.ShowHelp(path.toString(), leaf)
        : new Parsed.Run(path.toString(), leaf, arguments(leaf, rest));
  }

  private static boolean isHelp(String word) {
    return word.equals("--help") || word.equals("-h");
  }

  private static Optional<Command> find(Command.Group group, String word) {
    return group.commands().stream().filter(command -> command.name().equals(word)).findFirst();
  }

  private static Arguments arguments(Command.Leaf leaf, List<String> words) {
    Map<String, List<String>> options = new HashMap<>();
    List<String> operands = new ArrayList<>();
    boolean onlyOperands = false;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (onlyOperands || word.equals("-") || !word.startsWith("-")) {
        operands.add(word);
      } else if (word.equals("--")) {
        onlyOperands = true;
      } else {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        Option option = option(leaf, name);
        String value = "";
        if (equals >= 0) {
          value = word.substring(equals + 1);
        } else if (option.otherwise().isPresent() && !hasValue(words, i + 1)) {
          value = option.otherwise().get();
        } else if (!option.isFlag()) {
          if (++i == words.size()) {
            throw CommandFailed.unusable(name + " takes a value: " + option.usage());
          }
          value = words.get(i);
        }
        if (option.isFlag() && equals >= 0) {
          throw CommandFailed.unusable(name + " takes no value");
        }
        List<String> values = options.computeIfAbsent(option.name(), n -> new ArrayList<>());
        values.add(value);
        if (values.size() > 1 && !option.repeatable()) {
          throw CommandFailed.unusable(name + " is given twice");
        }
      }
    }
    checkCount(leaf, operands);
    return new Arguments(options, List.copyOf(operands));
  }

  private static boolean hasValue(List<String> words, int at) {
    return at < words.size() && (words.get(at).equals("-") || !words.get(at).startsWith("-"));
  }

  private static Option option(Command.Leaf leaf, String name) {
    return leaf.options().stream()
        .filter(option -> option.isCalled(name))
        .findFirst()
        .orElseThrow(
            () ->
                CommandFailed.unusable(
                    "there is no option "
                        + name
                        + nearest(name, leaf.options().stream().map(Option::name).toList())));
  }

  private static void checkCount(Command.Leaf leaf, List<String> operands) {
    List<Operand> wanted = leaf.operands();
    long needed = wanted.stream().filter(o -> o.count() != Operand.Count.OPTIONAL).count();
    boolean many = wanted.stream().anyMatch(o -> o.count() == Operand.Count.MANY);
    if (operands.size() < needed) {
      Operand first = wanted.get(operands.size());
      throw CommandFailed.unusable(first.name() + " is missing: " + first.help());
    }
    if (operands.stream().filter("-"::equals).count() > 1) {
      throw CommandFailed.unusable("standard input (-) can only be read once");
    }
    if (operands.size() > wanted.size() && !many) {
      throw CommandFailed.unusable(
          "too many arguments, from " + operands.get(wanted.size()) + " on");
    }
  }

  private static String unknown(String what, String word, CharSequence path, Command.Group group) {
    List<String> names = group.commands().stream().map(Command::name).toList();
    return "there is no " + what + " " + path + " " + word + nearest(word, names);
  }

  private static String nearest(String word, List<String> names) {
    return Spelling.nearest(word, names, 2)
        .map(name -> "; did you mean " + name + "?")
        .orElse("; there are: " + String.join(", ", names));
  }
}
