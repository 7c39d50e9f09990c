package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A text of which no piece between two marks, such as a line, is longer than a bound: readers keep
 * such a piece in memory.
 */
final class BoundedRuns extends FilterInputStream {
  private static final int MAX_RUN = 1 << 20;

  private final char mark;
  private int run;

  BoundedRuns(InputStream in, char mark) {
    super(in);
    this.mark = mark;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    int n = super.read(buffer, from, length);
    for (int i = from; i < from + n; i++) {
      run = buffer[i] == mark ? 0 : run + 1;
      if (run > MAX_RUN) {
        throw new MalformedException("text: more than " + MAX_RUN + " bytes without a " + name());
      }
    }
    return n;
  }

  private String name() {
    return mark == '\n' ? "line's end" : "'" + mark + "'";
  }
}
