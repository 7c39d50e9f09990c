package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.MalformedException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileTreeTest {
  private final FileTree tree = new FileTree();

  private static Entry file(String path, String content) {
    return new Entry(path, new Entry.File(Archives.sha256(content), 0));
  }

  private static Entry of(String path, Entry.What what) {
    return new Entry(path, what);
  }

  @Test
  void aLayerRemovesOnlyWhatIsBelowIt() {
    tree.apply(List.of(file("a/x", "1"), file("a/y", "2"), file("b/z", "3"), file("c", "4")));
    tree.apply(
        List.of(
            file("a/new", "5"),
            of("a/", new Entry.Opaque()),
            of("b/z", new Entry.Whiteout()),
            of("c", new Entry.Whiteout()),
            of("nowhere/q", new Entry.Whiteout())));
    assertThat(Archives.files(tree)).isEqualTo(Archives.digests("/a/new", "5"));
  }

  @Test
  void aFileTakesThePlaceOfADirectoryAndTheOtherWayRound() {
    tree.apply(List.of(file("a/x", "1"), file("b", "2")));
    tree.apply(List.of(file("a", "3"), of("b", new Entry.Directory()), file("b/y", "4")));
    assertThat(Archives.files(tree)).isEqualTo(Archives.digests("/a", "3", "/b/y", "4"));
  }

  @Test
  void linksLeadNowhereOutOfTheTree() {
    tree.apply(
        List.of(
            of("up", new Entry.Symlink("../../../../etc")),
            of("etc", new Entry.Directory()),
            file("up/passwd", "1"),
            of("abs", new Entry.Symlink("/usr")),
            file("abs/sh", "2")));
    assertThat(Archives.files(tree))
        .isEqualTo(Archives.digests("/etc/passwd", "1", "/usr/sh", "2"));
  }

  @Test
  void linksInACircleAreRefused() {
    tree.apply(List.of(of("a", new Entry.Symlink("b")), of("b", new Entry.Symlink("a"))));
    assertThatThrownBy(() -> tree.apply(List.of(file("a/x", "1"))))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void aHardLinkIsTheFileAsItWas() {
    tree.apply(List.of(file("a", "old"), of("b", new Entry.HardLink("a"))));
    tree.apply(List.of(file("a", "new")));
    assertThat(Archives.files(tree)).isEqualTo(Archives.digests("/a", "new", "/b", "old"));
    assertThatThrownBy(() -> tree.apply(List.of(of("c", new Entry.HardLink("missing")))))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void depthIsBounded() {
    String deep = "d/".repeat(600) + "f";
    assertThatThrownBy(() -> tree.apply(List.of(file(deep, "1"))))
        .isInstanceOf(MalformedException.class);
  }
}
