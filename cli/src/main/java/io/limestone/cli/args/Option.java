package io.limestone.cli.args;

import java.util.Optional;

/**
 * An option. With an empty {@code valueName} it is a flag. Where an option may be given once only,
 * a second one is an error, never a silent choice.
 *
 * @param name with its dashes, {@code --home}
 * @param valueName what {@code --help} calls the value, {@code DIR}
 * @param help a sentence without a full stop
 * @param repeatable whether it may be given more than once
 * @param shortName another, shorter name such as {@code -o}; empty if there is none
 * @param otherwise the value where the option is given without one; absent if it must have one
 */
public record Option(
    String name,
    String valueName,
    String help,
    boolean repeatable,
    String shortName,
    Optional<String> otherwise) {
  public static Option value(String name, String valueName, String help) {
    return new Option(name, valueName, help, false, "", Optional.empty());
  }

  public static Option values(String name, String valueName, String help) {
    return new Option(name, valueName, help, true, "", Optional.empty());
  }

  public static Option flag(String name, String help) {
    return new Option(name, "", help, false, "", Optional.empty());
  }

  /** The same option, with a second name such as {@code -o}. */
  public Option or(String shorter) {
    return new Option(name, valueName, help, repeatable, shorter, otherwise);
  }

  /** The same option, which may be given without a value, and then has this one. */
  public Option orAlone(String value) {
    return new Option(name, valueName, help, repeatable, shortName, Optional.of(value));
  }

  public boolean isFlag() {
    return valueName.isEmpty();
  }

  boolean isCalled(String word) {
    return name.equals(word) || (!shortName.isEmpty() && shortName.equals(word));
  }

  String usage() {
    String names = shortName.isEmpty() ? name : shortName + ", " + name;
    if (isFlag()) {
      return names;
    }
    return names + " " + (otherwise.isPresent() ? "[" + valueName + "]" : valueName);
  }
}
