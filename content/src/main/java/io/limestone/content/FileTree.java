package io.limestone.content;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The file system that archives make when they are unpacked one over another, in memory: names,
 * digests and links. A name is looked up as the kernel does it, through the symbolic links that are
 * there by then, which never lead out of this tree. Not thread-safe.
 */
public final class FileTree {
  private static final int MAX_LINKS = 40;
  private static final int MAX_DEPTH = 512;

  /** Directories that names imply without being members: a name may imply hundreds. */
  private static final int MAX_IMPLIED = 1_000_000;

  private final Folder root = new Folder();
  private int implied;

  private sealed interface Node {}

  private static final class Folder implements Node {
    final TreeMap<String, Node> children = new TreeMap<>();
  }

  private record Leaf(Entry.File file) implements Node {}

  private record Link(String target) implements Node {}

  private record Special() implements Node {}

  /** Receives the files. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Receives one.
     *
     * @param path absolute
     * @param owner user id
     */
    void file(String path, Bytes digest, long owner);
  }

  /**
   * Applies a layer: first what it removes of the layers below, then what it brings. A directory of
   * the layer that takes the place of a link does so before anything is removed below its name.
   *
   * @throws MalformedException if a name leads out of the tree, or a hard link to nothing
   */
  public void apply(List<Entry> layer) {
    for (Entry entry : layer) {
      switch (entry.what()) {
        case Entry.Whiteout() -> remove(entry.path());
        case Entry.Opaque() -> clear(entry.path());
        case Entry.Directory() -> add(entry);
        default -> {}
      }
    }
    for (Entry entry : layer) {
      add(entry);
    }
  }

  /** All regular files, in the order of their names within each directory. */
  public void forEachFile(Visitor visitor) {
    visit("", root, visitor);
  }

  private static void visit(String path, Folder folder, Visitor visitor) {
    folder.children.forEach(
        (name, node) -> {
          String child = path + "/" + name;
          switch (node) {
            case Leaf(Entry.File file) -> visitor.file(child, file.digest(), file.owner());
            case Folder inner -> visit(child, inner, visitor);
            case Link link -> {}
            case Special special -> {}
          }
        });
  }

  private void add(Entry entry) {
    List<String> names = names(entry.path());
    if (names.isEmpty()) {
      return; // the root itself
    }
    String last = names.getLast();
    switch (entry.what()) {
      case Entry.File file -> parent(entry, names).children.put(last, new Leaf(file));
      case Entry.Symlink(String target) ->
          parent(entry, names).children.put(last, new Link(target));
      case Entry.Special() -> parent(entry, names).children.put(last, new Special());
      case Entry.Directory() -> {
        Folder parent = parent(entry, names);
        if (!(parent.children.get(last) instanceof Folder)) {
          parent.children.put(last, new Folder());
        }
      }
      case Entry.HardLink(String target) -> {
        Node linked =
            find(names(target))
                .orElseThrow(
                    () ->
                        malformed(
                            entry.path(), "a hard link to " + target + ", which is not there"));
        if (linked instanceof Folder) {
          throw malformed(entry.path(), "a hard link to a directory");
        }
        parent(entry, names).children.put(last, linked);
      }
      case Entry.Whiteout(), Entry.Opaque() -> {}
    }
  }

  private void remove(String path) {
    List<String> names = names(path);
    if (!names.isEmpty()
        && find(names.subList(0, names.size() - 1)).orElse(null) instanceof Folder parent) {
      parent.children.remove(names.getLast());
    }
  }

  private void clear(String path) {
    if (find(names(path)).orElse(null) instanceof Folder folder) {
      folder.children.clear();
    }
  }

  private Folder parent(Entry entry, List<String> names) {
    Node parent = walk(names.subList(0, names.size() - 1), true);
    if (parent instanceof Folder folder) {
      return folder;
    }
    throw malformed(entry.path(), "lies in what is no directory");
  }

  private Optional<Node> find(List<String> names) {
    if (names.isEmpty()) {
      return Optional.of(root);
    }
    Node parent = walk(names.subList(0, names.size() - 1), false);
    return parent instanceof Folder folder
        ? Optional.ofNullable(folder.children.get(names.getLast()))
        : Optional.empty();
  }

  /**
   * Follows names from the root, through symbolic links too.
   *
   * @param make whether directories that are missing are made, as unpackers do
   * @return null where there is nothing
   */
  private @Nullable Node walk(List<String> names, boolean make) {
    Deque<String> ahead = new ArrayDeque<>(names);
    Deque<Folder> above = new ArrayDeque<>();
    Folder at = root;
    int links = 0;
    while (!ahead.isEmpty()) {
      String name = ahead.pop();
      if (name.equals("..")) {
        at = above.isEmpty() ? root : above.pop(); // as in a chroot, there is nothing above
        continue;
      }
      Node child = at.children.get(name);
      if (child == null && make) {
        if (++implied > MAX_IMPLIED) {
          throw new MalformedException("names imply more than " + MAX_IMPLIED + " directories");
        }
        child = new Folder();
        at.children.put(name, child);
      }
      switch (child) {
        case Folder folder -> {
          above.push(at);
          at = folder;
          if (above.size() > MAX_DEPTH) {
            throw new MalformedException("directories nested deeper than " + MAX_DEPTH);
          }
        }
        case Link(String target) -> {
          if (++links > MAX_LINKS) {
            return null;
          }
          if (target.startsWith("/")) {
            at = root;
            above.clear();
          }
          List<String> parts = split(target);
          for (String part : parts.reversed()) {
            ahead.push(part);
          }
        }
        case null, default -> {
          return child;
        }
      }
    }
    return at;
  }

  /** The parts of a member's name, in which {@code ..} has no business. */
  private static List<String> names(String path) {
    List<String> names = split(path);
    if (names.contains("..")) {
      throw malformed(path, "a name that leads out of the archive");
    }
    return names;
  }

  private static List<String> split(String path) {
    List<String> parts = new ArrayList<>();
    for (String part : path.split("/", -1)) {
      if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return parts;
  }

  private static MalformedException malformed(String path, String what) {
    return new MalformedException(Encoding.printable(path, 200) + ": " + what);
  }
}
