package io.limestone.cli.args;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void aHostileNameCannotForgeARowNorMoveTheCursor() {
    Table table = Table.of("ID", "STATE");
    table.row("evil\nweb-1   trusted", "untrusted");
    table.row("\u001b[1A\u001b[2Kweb-2", "untrusted");
    table.row("\u202edetsurt", "untrusted");
    table.row("x".repeat(100_000), "");
    String text = table.toString();
    assertThat(text.lines()).hasSize(5);
    assertThat(text)
        .doesNotContain("\u001b", "\u202e", "\r")
        .contains("evil\\u000aweb-1", "\\u001b[1A\\u001b[2Kweb-2", "\\u202edetsurt");
    assertThat(text.length()).isLessThan(2000);
  }

  @Test
  void columnsAreAlignedAndEmptyCellsAreDashes() {
    Table table = Table.of("ID", "STATE");
    table.row("a-long-name", "trusted");
    table.row("b", "");
    assertThat(table)
        .hasToString(
            """
            ID           STATE
            a-long-name  trusted
            b            -
            """);
  }
}
