package io.limestone.policy;

import io.limestone.policy.boot.PolicyChange;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;

/**
 * The smallest change of a policy that accepts what failed. It is read from the context of the
 * failure alone, which is the same in an appraisal here and in what a verifier tells.
 */
public sealed interface Fix {
  /**
   * No policy accepts it: a violation, an altered list, a name that no policy can list … An exclude
   * is never a fix: it would accept much more than what failed.
   */
  record None() implements Fix {}

  /**
   * One more digest in a runtime policy.
   *
   * @param table of {@link PolicyDocument#TABLES}
   * @param name as the table lists it; {@code verity:} is in front of an fs-verity digest's
   * @param digest hex
   */
  record Listed(String table, String name, String digest) implements Fix {}

  /** Operations on a boot policy's document. */
  record Changed(List<PolicyChange> changes) implements Fix {
    public Changed {
      changes = List.copyOf(changes);
    }

    /** Whether the policy demands less thereafter, and not just allows one thing more. */
    public boolean weakens() {
      return changes.stream().anyMatch(PolicyChange::weakens);
    }
  }

  /**
   * The fix of a failure.
   *
   * @param context that of the failure (docs/policy-lifecycle.md); whatever else it holds, there is
   *     no fix
   */
  static Fix of(JsonObject context) {
    if (context.has("patch")) {
      return changed(context);
    }
    String name = text(context, "path");
    String digest = text(context, "digest");
    if (name.isEmpty() || digest.isEmpty() || Boolean.FALSE.equals(member(context, "listable"))) {
      return new None();
    }
    return switch (text(context, "rule")) {
      case "digests" -> new Listed("digests", name, digest);
      case "verity" -> new Listed("digests", RuntimePolicy.VERITY + name, digest);
      case "keyrings" -> new Listed("keyrings", name, digest);
      case "ima-buf" -> new Listed("ima-buf", name, digest);
      default -> new None();
    };
  }

  private static Fix changed(JsonObject context) {
    List<PolicyChange> changes = new ArrayList<>();
    try {
      for (Object item : context.list("patch")) {
        if (!(item instanceof JsonObject operation)) {
          return new None();
        }
        changes.add(PolicyChange.fromJson(operation));
      }
    } catch (MalformedException e) {
      return new None(); // of a later verifier's kind: nothing that can be carried out here
    }
    return changes.isEmpty() ? new None() : new Changed(changes);
  }

  private static String text(JsonObject context, String name) {
    return member(context, name) instanceof String text ? text : "";
  }

  private static Object member(JsonObject context, String name) {
    Object value = context.members().get(name);
    return value == null ? "" : value;
  }
}
