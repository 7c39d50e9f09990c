package io.limestone.cli.args;

import io.limestone.wire.Encoding;
import java.util.ArrayList;
import java.util.List;

/**
 * A table for people. Every cell is made printable, so that a name chosen by a node cannot move the
 * cursor, forge a row or hide one.
 */
public final class Table {
  private static final int WIDEST = 90;

  /** The last column moves no other: what people wrote themselves stands there whole. */
  private static final int WIDEST_LAST = 1000;

  private final List<List<String>> rows = new ArrayList<>();

  private Table() {}

  public static Table of(String... header) {
    Table table = new Table();
    table.rows.add(List.of(header));
    return table;
  }

  public void row(String... cells) {
    if (cells.length != rows.getFirst().size()) {
      throw new IllegalArgumentException("a row of " + cells.length + " cells");
    }
    List<String> printable = new ArrayList<>();
    for (int i = 0; i < cells.length; i++) {
      int widest = i < cells.length - 1 ? WIDEST : WIDEST_LAST;
      printable.add(cells[i].isEmpty() ? "-" : Encoding.printable(cells[i], widest));
    }
    rows.add(printable);
  }

  @Override
  public String toString() {
    int columns = rows.getFirst().size();
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        line.append(row.get(i));
        if (i < columns - 1) {
          int gap = width(i) - row.get(i).codePointCount(0, row.get(i).length()) + 2;
          line.append(" ".repeat(gap));
        }
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private int width(int column) {
    return rows.stream()
        .map(row -> row.get(column))
        .mapToInt(cell -> cell.codePointCount(0, cell.length()))
        .max()
        .orElse(0);
  }
}
