package io.limestone.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Whatever the device mapper is said to have measured: an event whose values are plain text. */
class DmEventFuzzTest {
  /** The input is the name, a line feed, and the data. */
  @FuzzTest(maxDuration = "1m")
  void anyDataIsAnEventOrMalformed(byte[] input) {
    int end = 0;
    while (end < input.length && input[end] != '\n') {
      end++;
    }
    Span name = Span.of(Arrays.copyOf(input, end));
    byte[] data = Arrays.copyOfRange(input, Math.min(end + 1, input.length), input.length);
    try {
      DmEvent event = DmEvent.parse(name, Span.of(data));
      assertThat(DmEvent.isNamed(name)).isTrue();
      switch (event) {
        case DmEvent.Load load -> {
          assertPlain(load.device().values(), data);
          load.targets().forEach(target -> assertPlain(target.values(), data));
          assertThat(load.targets()).isNotEmpty();
        }
        case DmEvent.Resume resume -> assertPlain(resume.device().values(), data);
        case DmEvent.Remove remove ->
            remove.device().ifPresent(device -> assertPlain(device.values(), data));
        case DmEvent.Clear clear -> assertPlain(clear.device().values(), data);
        case DmEvent.Rename rename -> assertPlain(rename.device().values(), data);
        case DmEvent.Update update -> assertPlain(update.target().values(), data);
      }
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  /** Nothing is made up: each value stands in the data, and is of the kernel's characters. */
  private static void assertPlain(Iterable<String> values, byte[] data) {
    String text = new String(data, StandardCharsets.ISO_8859_1).replace("\0", "");
    for (String value : values) {
      assertThat(value).matches("[-A-Za-z0-9:_.+@#]*");
      assertThat(text).contains(value);
    }
  }
}
