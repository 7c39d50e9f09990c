package io.limestone.cli.args;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A bash completion script: commands, options where a dash stands, and file names elsewhere. */
public final class Completion {
  private Completion() {}

  public static String bash(Command.Group root) {
    StringBuilder cases = new StringBuilder();
    cases(cases, root.name(), root);
    return """
        # bash completion of %1$s: source <(%1$s completion)
        _%1$s() {
          local at=%1$s word candidates= current="${COMP_WORDS[COMP_CWORD]}"
          for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
            case "$at $word" in
              %2$s) at="$at $word" ;;
            esac
          done
          case $at in
        %3$s  esac
          mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
        }
        complete -o default -F _%1$s %1$s
        """
        .formatted(
            root.name(),
            paths(root.name(), root)
                .map(path -> "\"" + path + "\"")
                .collect(Collectors.joining(" | ")),
            cases);
  }

  private static Stream<String> paths(String path, Command.Group group) {
    return group.commands().stream()
        .flatMap(
            command -> {
              String at = path + " " + command.name();
              return command instanceof Command.Group inner
                  ? Stream.concat(Stream.of(at), paths(at, inner))
                  : Stream.of(at);
            });
  }

  private static void cases(StringBuilder text, String path, Command command) {
    List<String> words =
        switch (command) {
          case Command.Group group -> group.commands().stream().map(Command::name).toList();
          case Command.Leaf leaf ->
              Stream.concat(leaf.options().stream().map(Option::name), Stream.of("--help"))
                  .toList();
        };
    text.append("    \"").append(path).append("\") ");
    text.append(command instanceof Command.Leaf ? "[[ $current != -* ]] || " : "");
    text.append("candidates=\"");
    text.append(String.join(" ", words)).append("\" ;;\n");
    if (command instanceof Command.Group group) {
      group.commands().forEach(inner -> cases(text, path + " " + inner.name(), inner));
    }
  }
}
