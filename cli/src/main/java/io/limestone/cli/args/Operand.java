package io.limestone.cli.args;

/**
 * An argument without a dash.
 *
 * @param name upper case, {@code ID}
 */
public record Operand(String name, String help, Count count) {
  /** How many of them there are. Only the last operand of a command may be other than ONE. */
  public enum Count {
    ONE,
    OPTIONAL,
    MANY
  }

  public static Operand one(String name, String help) {
    return new Operand(name, help, Count.ONE);
  }

  public static Operand optional(String name, String help) {
    return new Operand(name, help, Count.OPTIONAL);
  }

  public static Operand many(String name, String help) {
    return new Operand(name, help, Count.MANY);
  }

  String usage() {
    return switch (count) {
      case ONE -> name;
      case OPTIONAL -> "[" + name + "]";
      case MANY -> name + "...";
    };
  }
}
