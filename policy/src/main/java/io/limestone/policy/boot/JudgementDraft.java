package io.limestone.policy.boot;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What has been found so far by the rules of a policy of ours, at one time. */
final class JudgementDraft {
  private static final int MAX_OBJECTIONS = 1000;

  private final Optional<Instant> now;
  private final List<Objection> objections = new ArrayList<>();
  private final Set<Outdated> outdated = new TreeSet<>();
  private final Set<String> used = new HashSet<>();

  JudgementDraft(Optional<Instant> now) {
    this.now = now;
  }

  /** Whether there are so many objections that more would help nobody. */
  boolean isFull() {
    return objections.size() >= MAX_OBJECTIONS;
  }

  void object(Objection objection) {
    if (!isFull()) {
      objections.add(objection);
    }
  }

  /** An objection to the log as a whole. */
  void object(String check, String found, String expected) {
    object(
        Objection.ofLog(
            check, found, expected, "bring the machine to this state, or change the policy"));
  }

  /** Whether something that is not there is demanded by now; if not, it is told of. */
  boolean isDue(Demanded demanded, String notYet) {
    if (!demanded.isDue(now)) {
      outdated.add(new Outdated(notYet, demanded.from().orElseThrow()));
    }
    return demanded.isDue(now);
  }

  /** For the entries of one list of the document, by its JSON Pointer. */
  Matches matches(String list) {
    return new Matches(list);
  }

  Judgement judgement() {
    return new Judgement(objections, List.copyOf(outdated), used);
  }

  /** The entries of a list that an event matches, and whether one of them counts now. */
  final class Matches {
    private final String list;
    private final Map<Integer, String> names = new LinkedHashMap<>();
    private final Map<Integer, Window> windows = new LinkedHashMap<>();

    private Matches(String list) {
      this.list = list;
    }

    void add(int index, String name, Window window) {
      names.put(index, name);
      windows.put(index, window);
      used.add("/" + list + "/" + index);
    }

    boolean isEmpty() {
      return windows.isEmpty();
    }

    /** Whether one counts now; if only such do that will end, that is told. */
    boolean accepted() {
      Map<Integer, Window> open = new LinkedHashMap<>(windows);
      open.values().removeIf(window -> !window.isOpen(now));
      if (open.values().stream().allMatch(window -> window.until().isPresent())) {
        String what = list.replace('/', '.') + ": ";
        open.forEach(
            (i, window) ->
                outdated.add(new Outdated(what + names.get(i), window.until().orElseThrow())));
      }
      return !open.isEmpty();
    }

    String expected(int entries) {
      return windows.isEmpty()
          ? "one of the policy's " + entries
          : "listed, but accepted only " + windows.values().iterator().next();
    }
  }
}
