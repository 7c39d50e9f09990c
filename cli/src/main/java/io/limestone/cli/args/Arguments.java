package io.limestone.cli.args;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was given on the command line for one command. */
public record Arguments(Map<String, List<String>> options, List<String> operands) {
  public boolean has(Option option) {
    return options.containsKey(option.name());
  }

  public Optional<String> get(Option option) {
    return Optional.ofNullable(options.get(option.name())).map(List::getLast);
  }

  public List<String> all(Option option) {
    return options.getOrDefault(option.name(), List.of());
  }

  /** The value, or exit code 2 with a message that names the option. */
  public String required(Option option) {
    return get(option).orElseThrow(() -> CommandFailed.unusable(option.usage() + " is needed"));
  }

  public Optional<Path> path(Option option) {
    return get(option).map(text -> path(option.name(), text));
  }

  public List<Path> paths(Option option) {
    return all(option).stream().map(text -> path(option.name(), text)).toList();
  }

  /** A whole number between two bounds, both allowed. */
  public Optional<Integer> number(Option option, int min, int max) {
    return get(option)
        .map(
            text -> {
              try {
                int number = Integer.parseInt(text);
                if (number >= min && number <= max) {
                  return number;
                }
              } catch (NumberFormatException e) {
                throw notANumber(option, min, max, text);
              }
              throw notANumber(option, min, max, text);
            });
  }

  public String operand(int index) {
    return operands.get(index);
  }

  private static CommandFailed notANumber(Option option, int min, int max, String text) {
    return CommandFailed.unusable(
        option.name() + " takes a number from " + min + " to " + max + ", not " + text);
  }

  private static Path path(String name, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw CommandFailed.unusable(name + ": not a file name: " + e.getReason());
    }
  }
}
