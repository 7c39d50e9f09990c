package io.limestone.cli.args;

/**
 * An option. With an empty {@code valueName} it is a flag. Where an option may be given once only,
 * a second one is an error, never a silent choice.
 *
 * @param name with its dashes, {@code --home}
 * @param valueName what {@code --help} calls the value, {@code DIR}
 * @param help a sentence without a full stop
 * @param repeatable whether it may be given more than once
 */
public record Option(String name, String valueName, String help, boolean repeatable) {
  public static Option value(String name, String valueName, String help) {
    return new Option(name, valueName, help, false);
  }

  public static Option values(String name, String valueName, String help) {
    return new Option(name, valueName, help, true);
  }

  public static Option flag(String name, String help) {
    return new Option(name, "", help, false);
  }

  public boolean isFlag() {
    return valueName.isEmpty();
  }

  String usage() {
    return isFlag() ? name : name + " " + valueName;
  }
}
