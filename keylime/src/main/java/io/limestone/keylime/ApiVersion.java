package io.limestone.keylime;

import io.limestone.wire.MalformedException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** A version of Keylime's REST API: {@code 2.6}, in paths {@code /v2.6/}. */
public record ApiVersion(int major, int minor) implements Comparable<ApiVersion> {
  /** What registrar and verifier call current, and what clients assume of a silent peer. */
  public static final ApiVersion CURRENT = new ApiVersion(2, 6);

  /** What our registrar and verifier serve: 2.0 to 2.6, oldest first. */
  public static final List<ApiVersion> SERVED = minors(0);

  /** What our agent serves: 2.1 to 2.6, oldest first. */
  public static final List<ApiVersion> AGENT = minors(1);

  private static final Pattern GRAMMAR = Pattern.compile("([0-9]{1,3})\\.([0-9]{1,3})");

  /**
   * {@code "2.6"}.
   *
   * @throws MalformedException on anything else
   */
  public static ApiVersion parse(String text) {
    return find(text).orElseThrow(() -> new MalformedException("not an API version such as 2.6"));
  }

  /** {@code "2.6"}, or nothing: for lists in which peers may name versions of another form. */
  public static Optional<ApiVersion> find(String text) {
    var matcher = GRAMMAR.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new ApiVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  /** The highest version below 3.0 that both know: the pull model has none above. */
  public static Optional<ApiVersion> highestCommon(
      Collection<ApiVersion> ours, Collection<ApiVersion> theirs) {
    return ours.stream()
        .filter(v -> v.major < 3 && theirs.contains(v))
        .max(Comparator.naturalOrder());
  }

  /** The first segment of a path: {@code /v2.6}. */
  public String path() {
    return "/v" + this;
  }

  /**
   * From 2.5 on the agent says {@code rsa2048} and {@code ecc256}, before {@code rsa}, {@code ecc}.
   */
  public boolean namesKeySizes() {
    return compareTo(new ApiVersion(2, 5)) >= 0;
  }

  @Override
  public int compareTo(ApiVersion other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }

  private static List<ApiVersion> minors(int first) {
    return IntStream.rangeClosed(first, 6).mapToObj(minor -> new ApiVersion(2, minor)).toList();
  }
}
