package io.limestone.policy.boot;

import io.limestone.policy.Complaint;
import io.limestone.policy.Complaint.Level;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What is wrong with a boot policy that is valid, ours or a reference state. */
public final class BootLint {
  private static final int MOST_PLACES = 3;

  private final String document;
  private final List<Complaint> complaints = new ArrayList<>();

  private BootLint(String document) {
    this.document = document;
  }

  /**
   * The complaints.
   *
   * @param document JSON text; places are told with their lines in it
   * @param signed whether it came in an envelope with a signature
   * @param now which entries count, if they do for a time only
   * @throws MalformedException if it is no valid policy
   */
  public static List<Complaint> of(String document, boolean signed, Instant now) {
    BootLint lint = new BootLint(document);
    JsonObject json = Json.object(document);
    if (json.has(BootRules.MARKER)) {
      new BootRulesLint(BootRules.parse(document), now, lint).run();
    } else if (json.members().isEmpty()) {
      lint.complain(
          Level.WARNING,
          "says nothing: every log that is genuine is accepted",
          "limestone policy create measured-boot");
    } else {
      new ReferenceStateLint(ReferenceState.parse(document), json, lint).run();
    }
    if (!signed) {
      lint.complain(
          Level.NOTE,
          "is not signed: whoever has the file in hands before it is stored can change it",
          "limestone policy diff FILE name:NAME --kind boot tells whether what is stored is the same");
    }
    return lint.complaints;
  }

  /** Of the policy as a whole. */
  void complain(Level level, String problem, String remedy) {
    complaints.add(new Complaint(level, "the policy", problem, remedy));
  }

  /** Of a place in the document: names, and positions such as {@code [3]}. */
  void complain(Level level, List<String> place, String problem, String remedy) {
    complainOf(level, List.of(place), problem, remedy);
  }

  /** The same of several places, of which the first few are named; nothing if there are none. */
  void complainOf(Level level, List<List<String>> places, String problem, String remedy) {
    if (places.isEmpty()) {
      return;
    }
    String more =
        places.size() > MOST_PLACES ? " and " + (places.size() - MOST_PLACES) + " more" : "";
    String words =
        places.stream()
            .limit(MOST_PLACES)
            .map(PolicyFault::words)
            .collect(Collectors.joining(", "));
    int line = PolicyLine.of(document, places.getFirst());
    complaints.add(new Complaint(level, "line " + line + ": " + words + more, problem, remedy));
  }
}
