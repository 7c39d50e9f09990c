package io.limestone.cli.boot;

/**
 * One difference between two boots.
 *
 * @param what it is of: {@code firmware}, {@code db}, {@code command line}, {@code PCR 4} …
 * @param before empty if it was added
 * @param after empty if it was removed
 * @param proven whether digests prove the words
 */
record BootChange(String what, Kind kind, String before, String after, boolean proven) {
  /** How it differs. */
  enum Kind {
    ADDED,
    REMOVED,
    CHANGED
  }

  static BootChange added(String what, String after, boolean proven) {
    return new BootChange(what, Kind.ADDED, "", after, proven);
  }

  static BootChange removed(String what, String before, boolean proven) {
    return new BootChange(what, Kind.REMOVED, before, "", proven);
  }

  static BootChange changed(String what, String before, String after, boolean proven) {
    return new BootChange(what, Kind.CHANGED, before, after, proven);
  }

  String words() {
    String mark = proven ? "" : "   (words not proven)";
    return switch (kind) {
      case ADDED -> what + ": added " + after + mark;
      case REMOVED -> what + ": removed " + before + mark;
      case CHANGED -> what + ": " + before + " -> " + after + mark;
    };
  }
}
