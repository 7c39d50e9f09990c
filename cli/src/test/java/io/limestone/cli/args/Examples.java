package io.limestone.cli.args;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command lines that help texts show, held against the definitions of commands. */
public final class Examples {
  /** The command at the beginning of a line, behind a pipe, or within parentheses. */
  private static final Pattern COMMAND =
      Pattern.compile("(?:^ {2,}|(?:[|&]|<[(]) ?)limestone (.*)");

  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|([^\\s\"')]+)");

  private Examples() {}

  /** The words of each example of this command. */
  public static List<List<String>> of(Command.Leaf leaf) {
    List<List<String>> all = new ArrayList<>();
    for (String line : leaf.text().replaceAll("\\\\\n\\s*", "").split("\n", -1)) {
      Matcher matcher = COMMAND.matcher(line);
      if (matcher.find()) {
        all.add(words(matcher.group(1)));
      }
    }
    return all;
  }

  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(line);
    while (matcher.find()) {
      String plain = matcher.group(3);
      if (plain != null && plain.matches("\\||&&|>|[)]|#")) {
        break;
      }
      words.add(plain == null ? matcher.group().replaceAll("^.|.$", "") : plain);
    }
    return words;
  }

  /**
   * The command that the words are of.
   *
   * @throws CommandFailed if there is no such command, or it does not take such words
   */
  public static String path(Command.Group root, List<String> words) {
    return switch (Parser.parse(root, words)) {
      case Parser.Parsed.Run run -> run.path();
      case Parser.Parsed.ShowHelp help -> help.path() + " --help";
    };
  }
}
