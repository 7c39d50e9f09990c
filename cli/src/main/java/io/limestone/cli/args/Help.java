package io.limestone.cli.args;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The text of {@code --help}. */
final class Help {
  private static final int WIDTH = 100;
  private static final int COLUMN = 30;

  private Help() {}

  static String of(String path, Command command) {
    return switch (command) {
      case Command.Group group -> group(path, group);
      case Command.Leaf leaf -> leaf(path, leaf);
    };
  }

  private static String group(String path, Command.Group group) {
    StringBuilder text = new StringBuilder("Usage: " + path + " COMMAND\n");
    text.append(group.summary()).append("\n\nCommands:\n");
    int column = 4 + group.commands().stream().mapToInt(c -> c.name().length()).max().orElse(0);
    for (Command command : group.commands()) {
      row(text, command.name(), command.summary(), column);
    }
    return text.append("\n`").append(path).append(" COMMAND --help` explains each.\n").toString();
  }

  private static String leaf(String path, Command.Leaf leaf) {
    StringBuilder text = new StringBuilder("Usage: " + path);
    leaf.operands().forEach(operand -> text.append(' ').append(operand.usage()));
    if (!leaf.options().isEmpty()) {
      text.append(" [OPTIONS]");
    }
    text.append('\n').append(leaf.summary()).append('\n');
    if (!leaf.operands().isEmpty() || !leaf.options().isEmpty()) {
      text.append('\n');
    }
    leaf.operands().forEach(operand -> row(text, operand.usage(), operand.help(), COLUMN));
    for (Option option : leaf.options()) {
      row(text, option.usage() + (option.repeatable() ? " ..." : ""), option.help(), COLUMN);
    }
    return leaf.text().isEmpty()
        ? text.toString()
        : text.append('\n').append(leaf.text()).toString();
  }

  private static void row(StringBuilder text, String left, String right, int column) {
    List<String> lines = wrap(right, WIDTH - column);
    text.append("  ").append(left);
    if (left.length() + 4 > column) {
      text.append('\n').append(" ".repeat(column));
    } else {
      text.append(" ".repeat(column - left.length() - 2));
    }
    text.append(lines.stream().collect(Collectors.joining("\n" + " ".repeat(column), "", "\n")));
  }

  private static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() > 0 ? " " : "").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
