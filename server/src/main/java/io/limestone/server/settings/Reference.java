package io.limestone.server.settings;

import java.util.List;

/** The settings reference, {@code docs/configuration.md}, made from the catalogue. */
public final class Reference {
  private static final String HEAD =
      """
      # Settings of the server

      Made from the catalogue in `io.limestone.server.settings`; a test holds it against the code.

      A value comes from, with rising weight: its default; `limestone.toml` in the home folder
      (`[section]`, `key = value`); the environment (`LIMESTONE_SECTION_KEY`); the command line
      (`--set section.key=value`). `limestone config` shows the effective values and where each
      comes from. A name that is not in this list stops the start. Names are Keylime's where the
      meaning is the same; times are in seconds.

      """;

  private Reference() {}

  public static String markdown() {
    StringBuilder text = new StringBuilder(HEAD);
    String section = "";
    for (Setting<?> setting : Settings.CATALOGUE) {
      String its = setting.name().substring(0, setting.name().indexOf('.'));
      if (!its.equals(section)) {
        section = its;
        text.append("## [").append(section).append("]\n\n");
        text.append("| setting | default | takes | meaning |\n|---|---|---|---|\n");
      }
      text.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(
                  setting.name(),
                  setting.defaultText().isEmpty() ? "" : "`" + setting.defaultText() + "`",
                  cell(setting.form()),
                  cell(setting.meaning())));
      if (isLastOfSection(setting)) {
        text.append('\n');
      }
    }
    return text.toString().stripTrailing() + "\n";
  }

  private static boolean isLastOfSection(Setting<?> setting) {
    List<Setting<?>> all = Settings.CATALOGUE;
    int next = all.indexOf(setting) + 1;
    String section = setting.name().substring(0, setting.name().indexOf('.') + 1);
    return next == all.size() || !all.get(next).name().startsWith(section);
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
